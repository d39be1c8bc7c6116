"""The synthetic cache is the same each time, and cannot be taken for STScI's."""

import asdf
import pytest
from astropy.io import fits

from app.crds.cache.layout import check_mapping, contexts, mapping_files
from app.crds.cache.synthetic import PARAMETERS, make_synthetic_cache
from app.crds.manifest import read_manifest
from app.observation.bands import BANDS
from app.runtime.errors import CrdsError


def test_same_bytes_each_time(crds_cache, tmp_path):
    again = make_synthetic_cache(tmp_path / "again")
    assert read_manifest(again) == read_manifest(crds_cache)
    assert len(read_manifest(again)) == 43


def test_never_into_a_folder_with_something_in_it(cache):
    before = read_manifest(cache)
    with pytest.raises(CrdsError, match="is not empty"):
        make_synthetic_cache(cache)
    assert read_manifest(cache) == before


def test_says_that_it_is_synthetic(crds_cache):
    assert contexts(crds_cache) == ["jwst_synthetic_0001.pmap"]
    assert all("SYNTHETIC" in path.read_text() for path in mapping_files(crds_cache))


def test_mappings_carry_their_sum(cache):
    assert [check_mapping(path) for path in mapping_files(cache)] == [None] * 22
    spoiled = mapping_files(cache)[0]
    spoiled.write_text(spoiled.read_text().replace("SYNTHETIC", "OFFICIAL "))
    assert check_mapping(spoiled).startswith(f"{spoiled.name}: SHA-1")


def test_every_band_has_apertures(crds_cache):
    names = set()
    for instrument in ("miri", "nircam", "niriss"):
        table = fits.getdata(crds_cache / f"references/jwst/{instrument}/jwst_{instrument}_apcorr_9001.fits")
        elements = ("filter",) if instrument == "miri" else ("filter", "pupil")
        names |= {(instrument, name) for row in table for name in (row[e] for e in elements)}
    assert {(band.instrument.value, band.name) for band in BANDS} <= names


@pytest.mark.parametrize("reftype", PARAMETERS)
def test_no_parameter_is_at_its_default(crds_cache, reftype):
    step_class, _ = PARAMETERS[reftype]
    module, name = step_class.rsplit(".", 1)
    step = getattr(__import__(module, fromlist=[name]), name)()
    with asdf.open(crds_cache / f"references/jwst/nircam/jwst_nircam_{reftype}_9001.asdf") as file:
        for parameter, value in file["parameters"].items():
            assert getattr(step, parameter) != value
