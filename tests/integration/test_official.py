"""Against the official pipeline: with no grouping asked and jwst's own pixel maps, the same arrays."""

import numpy as np
import pytest
from stdatamodels.jwst import datamodels

from tests.runs import make_step, run

# Where work is divided over processes sums are taken in another order.
RELATIVE = 2e-6


@pytest.fixture(scope="module")
def both(miri, crds, tmp_path_factory):
    """Folders of our run and of `Image3Pipeline.call` on our association."""
    from jwst.pipeline import Image3Pipeline

    folder = tmp_path_factory.mktemp("official")
    run(miri, folder / "ours", crds)
    (folder / "jwst").mkdir()
    widths = {step: {"kernel_fwhm": 2.445} for step in ("tweakreg", "source_catalog")}
    association = make_step(miri, folder / "asn", crds).create_asn_file(sorted(miri.files))
    Image3Pipeline.call(
        str(association), steps=widths, save_results=True, output_dir=str(folder / "jwst"), configure_log=False
    )
    return folder / "ours", folder / "jwst"


def same(ours, official, names, exact):
    for name in names:
        mine, theirs = getattr(ours, name), getattr(official, name)
        if name in exact:
            np.testing.assert_array_equal(mine, theirs, err_msg=name)
        else:
            np.testing.assert_array_equal(np.isfinite(mine), np.isfinite(theirs), err_msg=f"empty pixels of {name}")
            np.testing.assert_allclose(mine, theirs, rtol=RELATIVE, atol=1e-12, err_msg=name)


def test_exposures(both):
    ours, official = both
    files = sorted(official.glob("*_crf.fits"))
    assert len(files) == 4
    for file in files:
        with datamodels.open(ours / file.name) as mine, datamodels.open(file) as theirs:
            same(mine, theirs, ("data", "err", "dq", "var_poisson", "var_rnoise", "var_flat"), {"dq"})
            assert mine.meta.group_id == theirs.meta.group_id
            np.testing.assert_array_equal(mine.meta.wcs(10, 20), theirs.meta.wcs(10, 20))
            assert mine.meta.background.level == pytest.approx(theirs.meta.background.level, rel=RELATIVE)


def test_mosaic(both):
    ours, official = both
    name = "ngc0628_miri_lv3_f770w_i2d.fits"
    with datamodels.open(ours / name) as mine, datamodels.open(official / name) as theirs:
        arrays = ("data", "err", "wht", "con", "var_poisson", "var_rnoise", "var_flat")
        same(mine, theirs, arrays, {"con"})
        np.testing.assert_array_equal(mine.meta.wcs(10, 20), theirs.meta.wcs(10, 20))
        assert len(mine.hdrtab) == len(theirs.hdrtab) == 4
        for key in ("pixelarea_steradians", "pixelarea_arcsecsq"):
            assert getattr(mine.meta.photometry, key) == getattr(theirs.meta.photometry, key)


def test_catalogue(both):
    from astropy.table import Table

    mine, theirs = (Table.read(folder / "ngc0628_miri_lv3_f770w_cat.ecsv") for folder in both)
    assert len(mine) == len(theirs) > 5
    np.testing.assert_allclose(mine["aper_total_flux"], theirs["aper_total_flux"], rtol=1e-4)
