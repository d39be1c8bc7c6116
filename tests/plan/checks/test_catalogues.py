"""Catalogues that tweakreg is given: what they hold and where, counted before the run."""

import numpy as np
import pytest
from astropy.table import Table

from app.observation.exposure_headers import read_exposure
from app.runtime.errors import ConfigError, InputError
from tests.plan.checks.conftest import codes, science, set_keywords


def tweakreg(**parameters):
    return {"jwst_parameters": {"tweakreg": parameters}}


@pytest.fixture
def stars(miri):
    """Twenty positions inside the first exposure [deg]."""
    ra, dec = read_exposure(science(miri.folder)[0]).corners.mean(axis=0)
    return np.stack([ra + np.arange(20) * 1e-5, dec + np.arange(20) * 1e-5])


@pytest.fixture
def save(tmp_path):
    """Write a table; the options that align to it."""

    def save(**columns):
        path = tmp_path / "cat.ecsv"
        Table(columns).write(path, overwrite=True)
        return tweakreg(abs_refcat=str(path))

    return save


def test_a_catalogue_that_is_not_there(look, tmp_path):
    (error,) = look(**tweakreg(abs_refcat=str(tmp_path / "cat.ecsv"))).errors
    assert isinstance(error, InputError)
    assert "cat.ecsv: no such file, and none of the online catalogues GAIAREFCAT" in str(error)


def test_rows_in_the_footprints_are_counted(look, save, stars):
    ra, dec = stars
    outlook = look(**save(RA=[*ra, 10.0], DEC=[*dec, -10.0]))
    assert (outlook.problems, outlook.caveats) == ([], [])
    (note,) = outlook.notes
    assert note.endswith("cat.ecsv: 20 of 21 rows are within abs_searchrad=6 arcsec of the footprints")


def test_a_field_far_away(look, save, stars):
    (problem,) = look(**save(RA=stars[0] + 70, DEC=stars[1])).problems
    assert (
        "0 of 20 rows are within abs_searchrad=6 arcsec of the footprints, and 15 are needed (abs_minobj=15)" in problem
    )
    assert "hours" not in problem


def test_no_row_at_all_is_never_enough(look, save, stars):
    options = save(RA=stars[0] + 70, DEC=stars[1])
    options["jwst_parameters"]["tweakreg"]["abs_minobj"] = 0
    (problem,) = look(**options).problems
    assert "and 1 are needed (abs_minobj=0)" in problem


def test_hours_are_recognised(look, save, stars):
    (problem,) = look(**save(RA=stars[0] / 15, DEC=stars[1])).problems
    assert "20 would be in the footprints if RA were in hours: write it in degrees" in problem


def test_five_rows_are_too_few_but_where_they_are_enough(look, save, stars):
    options = save(RA=stars[0, :5], DEC=stars[1, :5])
    (problem,) = look(**options).problems
    assert "5 of 5 rows are within" in problem
    assert "15 are needed (abs_minobj=15), else tweakreg aligns nothing" in problem
    options["jwst_parameters"]["tweakreg"]["abs_minobj"] = 5
    assert look(**options).problems == []


@pytest.mark.parametrize("parameter", [{}, {"abs_minobj": 0}])
def test_a_catalogue_without_rows(look, save, parameter):
    options = save(RA=np.zeros(0), DEC=np.zeros(0))
    options["jwst_parameters"]["tweakreg"] |= parameter
    (problem,) = look(**options).problems
    assert problem.endswith("cat.ecsv: holds no row")


def test_an_exposure_without_a_date(look, folder, save, stars):
    set_keywords(science(folder)[1], **{"DATE-OBS": None})
    (problem,) = look(folder, **save(RA=stars[0], DEC=stars[1])).problems
    assert "02101_00002_mirimage_cal.fits: DATE-OBS is ''" in problem
    assert look(folder).problems == []


def test_positions_are_moved_to_the_epoch_of_the_exposures(look, save, stars):
    motion = np.where(np.arange(20) < 18, 10.0, np.nan)
    (note,) = look(
        **save(ra=stars[0], dec=stars[1], pmra=motion, pmdec=0 * motion, ref_epoch=np.full(20, 2016.0))
    ).notes
    assert "18 of 20 rows are within" in note
    assert "positions are moved to epoch 20" in note
    assert note.endswith("2 without proper motion left out")


def test_proper_motions_without_an_epoch(look, save, stars):
    zero = np.zeros(20)
    (caveat,) = look(**save(RA=stars[0], DEC=stars[1], pmra=zero, pmdec=zero)).caveats
    assert caveat.code == "catalogue_epoch"
    assert codes(look(**save(RA=stars[0], DEC=stars[1])).caveats) == []


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

    from app.plan.checks import catalogues

    assert catalogues.CATALOGUE_URL == astrometric_utils.DEF_CAT_URL
    assert astrometric_utils.ASTROMETRIC_CAT_ENVVAR == "ASTROMETRIC_CATALOG_URL"


def test_source_catalogues_of_the_user(look, miri, tmp_path):
    catfile = tmp_path / "catfile.txt"
    options = tweakreg(use_custom_catalogs=True, catfile=str(catfile))
    assert "catfile.txt: cannot be read" in look(**options).problems[0]
    catfile.write_text("# exposure catalogue\na_cal.fits a.ecsv\nb_cal.fits\nc_cal.fits c.ecsv d.ecsv\n")
    found = look(**options).problems
    assert ["a_cal.fits: no such file" in problem for problem in found].count(True) == 1
    assert ["two columns are needed" in problem for problem in found].count(True) == 1
    Table({"x": [1.0], "ycentroid": [2.0]}).write(tmp_path / "a.ecsv")
    catfile.write_text(f"{science(miri.folder)[0].name} a.ecsv\n")
    assert look(**options).problems == []


def test_a_list_of_source_catalogues_that_matches_no_exposure(look, miri, tmp_path):
    catfile, name = tmp_path / "catfile.txt", science(miri.folder)[0].name
    Table({"x": [1.0], "ycentroid": [2.0]}).write(tmp_path / "a.ecsv")
    catfile.write_text(f"{name.replace('_cal', '_cla')} a.ecsv\n{name}\n")
    options = tweakreg(use_custom_catalogs=True, catfile=str(catfile))
    (problem,) = look(**options).problems
    assert f"is not a science exposure of this run; did you mean {name}?" in problem
    assert look(**options, targets=["ngc0628", "ngc1365"]).problems == [], "in a survey it may be another target's"


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"xcentroid": [1.0]}, "has no column y, ycentroid or y_centroid"),
        ({"RA": [1.0], "DEC": [1.0]}, "has no column x"),
        (None, "cannot be read as a table"),
    ],
)
def test_source_catalogues_that_tweakreg_cannot_use(look, miri, tmp_path, columns, said):
    path = tmp_path / "a.ecsv"
    path.write_bytes(b"\0\1") if columns is None else Table(columns).write(path)
    (tmp_path / "catfile.txt").write_text(f"{science(miri.folder)[0].name} a.ecsv\n")
    (problem,) = look(**tweakreg(use_custom_catalogs=True, catfile=str(tmp_path / "catfile.txt"))).problems
    assert said in problem


def test_the_columns_of_source_catalogues_are_those_of_jwst():
    from jwst.tweakreg.tweakreg_step import _rename_catalog_columns

    names = [("x", "y"), ("xcentroid", "ycentroid"), ("x_centroid", "y_centroid")]
    assert [_rename_catalog_columns(Table([[1], [2]], names=pair)).colnames for pair in names] == [["x", "y"]] * 3


def test_a_list_of_source_catalogues_that_is_not_used(look, tmp_path):
    (error,) = look(**tweakreg(catfile=str(tmp_path / "catfile.txt"))).errors
    assert isinstance(error, ConfigError)
    assert "is ignored without jwst_parameters.tweakreg.use_custom_catalogs=true" in str(error)
