"""Divided among processes the pipeline makes what jwst makes on one core."""

import json

import numpy as np
import pytest
from astropy.io import fits
from jwst.source_catalog import SourceCatalogStep
from stdatamodels.jwst import datamodels

from tests.pipeline.divided.both import jwsts, ours

_PARAMETERS = {
    "dithers": {"skymatch": {"skymethod": "match"}, "source_catalog": {"skip": False}},
    "nircam": {
        "skymatch": {"skymethod": "match"},
        "outlier_detection": {"pixmap_stepsize": 10, "pixmap_order": 3},
        "resample": {"pixel_scale_ratio": 0.7, "pixfrac": 0.8, "pixmap_stepsize": 10, "pixmap_order": 3},
    },
    "grid": {
        "skymatch": {"skymethod": "global+match", "subtract": True},
        "resample": {"rotation": 0.0, "fillval": "0", "weight_type": "exptime"},
    },
}
# Says when it was written, and by which context; jwst copies the inputs' context instead of the run's.
_OWN = {"DATE", "CRDS_CTX", "LV3VER", "LV3DR", "HISTORY", "COMMENT"}


@pytest.fixture(scope="module", params=_PARAMETERS)
def pair(request, crds, tmp_path_factory):
    truth = request.getfixturevalue(request.param)
    folders = [tmp_path_factory.mktemp(request.param) for _ in range(2)]
    parameters = _PARAMETERS[request.param]
    return ours(truth, folders[0], crds, parameters, procs=2), jwsts(truth, folders[1], crds, parameters)


def test_exposures_are_the_same_to_the_bit(pair):
    made, expected = pair
    assert [path.name for path in made.exposures] == [path.name for path in expected.exposures]
    for path, other in zip(made.exposures, expected.exposures, strict=True):
        with fits.open(path) as file, fits.open(other) as reference:
            assert [hdu.name for hdu in file] == [hdu.name for hdu in reference]
            for hdu in reference:
                if hdu.name not in ("PRIMARY", "ASDF"):
                    np.testing.assert_array_equal(file[hdu.name].data, hdu.data, err_msg=f"{path.name} {hdu.name}")


def test_exposures_have_the_same_headers(pair):
    made, expected = pair
    for path, other in zip(made.exposures, expected.exposures, strict=True):
        assert_same_headers(path, other)


def test_mosaic_has_the_same_pixels(pair):
    made, expected = pair
    with fits.open(made.mosaic) as file, fits.open(expected.mosaic) as reference:
        assert [hdu.name for hdu in file] == [hdu.name for hdu in reference]
        np.testing.assert_array_equal(file["CON"].data, reference["CON"].data)
        for name in ("SCI", "ERR", "WHT", "VAR_POISSON", "VAR_RNOISE", "VAR_FLAT"):
            image, expectation = file[name].data, reference[name].data
            np.testing.assert_array_equal(np.isnan(image), np.isnan(expectation), err_msg=name)
            # Where the sky is subtracted pixels come near zero: there the measure is the noise.
            floor = 2e-6 * np.nanmedian(reference["ERR"].data) if name == "SCI" else 0
            np.testing.assert_allclose(image, expectation, rtol=2e-6, atol=floor, err_msg=name)


def test_mosaic_has_the_same_metadata(pair):
    made, expected = pair
    assert_same_headers(made.mosaic, expected.mosaic)
    with fits.open(made.mosaic) as file, fits.open(expected.mosaic) as reference:
        table, expectation = file["HDRTAB"].data, reference["HDRTAB"].data
        assert table.names == expectation.names
        for name in set(table.names) - _OWN:
            assert list(map(str, table[name])) == list(map(str, expectation[name])), name
    with datamodels.open(made.mosaic) as model, datamodels.open(expected.mosaic) as reference:
        assert model.meta.wcs(10.0, 20.0) == reference.meta.wcs(10.0, 20.0)
        assert model.meta.wcs.bounding_box == reference.meta.wcs.bounding_box


def test_catalogue_and_segments_are_those_that_jwst_makes_of_the_mosaic(pair, tmp_path):
    made, _ = pair
    if not (found := list(made.folder.glob("*_cat.ecsv"))):
        pytest.skip("a run without a catalogue")
    used = json.loads((made.folder.parents[1] / "lv3_run.json").read_text())["parameters"]["steps"]["source_catalog"]
    own = {name: value for name, value in used.items() if f" {name} =" in SourceCatalogStep.spec and value is not None}
    SourceCatalogStep.call(str(made.mosaic), save_results=True, output_dir=str(tmp_path), **own)
    rows, expected = (
        [line for line in path.read_text().splitlines() if not line.startswith("#")]
        for path in (found[0], next(tmp_path.glob("*_cat.ecsv")))
    )
    assert len(rows) > 50
    assert rows == expected
    files = [next(folder.glob("*_segm.fits")) for folder in (made.folder, tmp_path)]
    np.testing.assert_array_equal(*(fits.getdata(file) for file in files))


def assert_same_headers(path, other):
    for extension in ("PRIMARY", "SCI"):
        header, expected = (dict(fits.getheader(file, extension)) for file in (path, other))
        for key in (header.keys() | expected.keys()) - _OWN:
            assert header.get(key) == expected.get(key), f"{path.name} {extension} {key}"
