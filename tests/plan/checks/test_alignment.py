"""Parameters under which tweakreg would skip itself, catalogues that are not there, nothing to align."""

import pytest
from astropy.coordinates import SkyCoord
from astropy.table import Table

from app.runtime.errors import ConfigError, InputError
from tests.plan.checks.conftest import codes


def tweakreg(**parameters):
    return {"jwst_parameters": {"tweakreg": parameters}}


def test_nothing_is_said_of_good_exposures(look):
    outlook = look()
    assert (outlook.problems, outlook.caveats) == ([], [])


@pytest.mark.parametrize("prefix", ["", "abs_"])
def test_separation_must_exceed_tolerance_by_sqrt_2(look, prefix):
    (error,) = look(**tweakreg(**{f"{prefix}separation": 1.0, f"{prefix}tolerance": 0.75})).errors
    assert isinstance(error, ConfigError)
    assert f"{prefix}separation=1: must be more than sqrt(2) times {prefix}tolerance=0.75, that is 1.06" in str(error)
    assert look(**tweakreg(**{f"{prefix}separation": 1.07, f"{prefix}tolerance": 0.75})).problems == []


def test_the_rule_is_that_of_jwst():
    from stcal.tweakreg import tweakreg as stcal_tweakreg

    for align in (stcal_tweakreg.relative_align, stcal_tweakreg.absolute_align):
        prefix = "abs_" if align is stcal_tweakreg.absolute_align else ""
        others = ("cat.ecsv", None, None, 2024.0) if prefix else ()
        with pytest.raises(stcal_tweakreg.TweakregError, match="separation"):
            align([], *others, **{f"{prefix}separation": 0.7 * 2**0.5, f"{prefix}tolerance": 0.7})


def test_it_does_not_matter_where_tweakreg_is_skipped(look):
    assert look(**tweakreg(skip=True, separation=0.1, abs_refcat="nowhere.ecsv")).problems == []


def test_a_catalogue_that_is_not_there(look, tmp_path):
    (error,) = look(**tweakreg(abs_refcat=str(tmp_path / "cat.ecsv"))).errors
    assert isinstance(error, InputError)
    assert "cat.ecsv: no such file, and none of the online catalogues GAIAREFCAT" in str(error)


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"ra": [1.0], "Dec": [2.0]}, ""),
        ({"RA": [1.0], "dec": [2.0], "mag": [3.0]}, ""),
        ({"sky_centroid": SkyCoord([1.0], [2.0], unit="deg")}, ""),
        ({"x": [1.0], "y": [2.0]}, "has neither columns RA and DEC nor sky_centroid; there are x, y"),
        ({"RA": [1.0], "mag": [2.0]}, "there are RA, mag"),
        ({"RA": [1.0], "ra": [1.0], "DEC": [2.0]}, "more than one column"),
    ],
)
def test_columns_of_a_catalogue(look, tmp_path, columns, problem):
    path = tmp_path / "cat.ecsv"
    Table(columns).write(path)
    found = look(**tweakreg(abs_refcat=str(path))).problems
    assert [problem in message for message in found] == ([True] if problem else [])


def test_a_catalogue_that_is_no_table(look, tmp_path):
    (tmp_path / "cat.ecsv").write_bytes(b"\0\1\2")
    (problem,) = look(**tweakreg(abs_refcat=str(tmp_path / "cat.ecsv"))).problems
    assert "cannot be read as a table" in problem


def test_an_online_catalogue_offline(look):
    (error,) = look(**tweakreg(abs_refcat="gaiadr3"), offline=True).errors
    assert isinstance(error, ConfigError)
    assert "offline=true; save the catalogue where there is one" in str(error)


def test_an_online_catalogue_is_tried(look, monkeypatch):
    monkeypatch.setenv("ASTROMETRIC_CATALOG_URL", "http://127.0.0.1:9/webservices")
    (error,) = look(**tweakreg(abs_refcat="GAIADR3")).errors
    assert isinstance(error, InputError)
    assert "http://127.0.0.1:9/webservices: ConnectionError" in str(error)
    assert look(**tweakreg(abs_refcat="GAIADR3"), offline=False).problems == []


def test_the_service_that_is_tried_is_the_one_that_jwst_asks():
    from stcal.tweakreg import astrometric_utils

    from app.plan.checks import alignment

    assert alignment.CATALOGUE_URL == astrometric_utils.DEF_CAT_URL
    assert astrometric_utils.ASTROMETRIC_CAT_ENVVAR == "ASTROMETRIC_CATALOG_URL"


def test_source_catalogues_of_the_user(look, tmp_path):
    catfile = tmp_path / "catfile.txt"
    options = tweakreg(use_custom_catalogs=True, catfile=str(catfile))
    assert "catfile.txt: cannot be read" in look(**options).problems[0]
    catfile.write_text("# exposure catalogue\na_cal.fits a.ecsv\nb_cal.fits\nc_cal.fits c.ecsv d.ecsv\n")
    missing, columns = look(**options).problems
    assert "a_cal.fits: no such file" in missing
    assert "two columns are needed" in columns
    (tmp_path / "a.ecsv").touch()
    catfile.write_text("a_cal.fits a.ecsv\n")
    assert look(**options).problems == []


def test_one_group_and_no_catalogue(look, tmp_path):
    (caveat,) = look(tweakreg_group_dithers=["miri"]).caveats
    assert caveat.code == "one_group"
    assert "All 4 exposures are one tweakreg group" in caveat.message
    Table({"RA": [1.0], "DEC": [2.0]}).write(tmp_path / "cat.ecsv")
    assert look(tweakreg_group_dithers=["miri"], **tweakreg(abs_refcat=str(tmp_path / "cat.ecsv"))).caveats == []
    assert look(tweakreg_group_dithers=["miri"], **tweakreg(skip=True)).caveats == []


def test_a_single_exposure(look):
    assert codes(look(exclude=["_00002_", "_00003_", "_00004_"]).caveats) == ["single_exposure"]
