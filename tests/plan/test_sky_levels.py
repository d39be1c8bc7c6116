"""Tables of sky levels: their forms, and what is wrong with them."""

import numpy as np
import pytest
from astropy.table import Table

from app.plan.sky_levels import match_levels, read_levels, write_levels
from app.runtime.errors import InputError

NAMES = ["a_cal.fits", "b_cal.fits"]
ROWS = [("a_cal.fits", "0.5"), ("b_cal.fits", "-1e-2")]


@pytest.mark.parametrize(
    "text",
    [
        "a_cal.fits,0.5\nb_cal.fits,-1e-2\n",
        "file, level\na_cal.fits, 0.5\n\nb_cal.fits, -1e-2",
        "# measured by hand\na_cal.fits 0.5\nb_cal.fits\t-1e-2\n",
        'name level\n"a_cal.fits"   0.5\n"b_cal.fits" -1e-2\n',
    ],
)
def test_forms_of_a_table(tmp_path, text):
    path = tmp_path / "levels.txt"
    path.write_text(text)
    assert read_levels(path) == ROWS


def test_ecsv(tmp_path):
    path = tmp_path / "levels.ecsv"
    Table({"file": NAMES, "level": [0.5, -0.01]}).write(path)
    assert match_levels(path, NAMES) == {"a_cal.fits": 0.5, "b_cal.fits": -0.01}


def test_names_may_have_a_folder_or_no_ending(tmp_path):
    path = tmp_path / "levels.txt"
    path.write_text("/data/a_cal.fits 1\nb_cal 2\n")
    assert match_levels(path, NAMES) == {"a_cal.fits": 1.0, "b_cal.fits": 2.0}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a_cal.fits 1\n", "b_cal.fits has no level"),
        ("a_cal.fits 1\nb_cal.fits 2\nc_cal.fits 3\n", "c_cal.fits is not a science exposure of this run"),
        ("a_cal.fits 1\nb_cal.fits 2\na_cal.fits 3\n", "a_cal.fits is listed 2 times"),
        ("a_cal.fits 1\nb_cal.fits low\n", "b_cal.fits: level 'low' is not a number"),
        ("a_cal.fits 1\nb_cal.fits nan\n", "b_cal.fits: level 'nan' is not a number"),
        ("a_cal.fits 1\nb_cal.fits 2 3\n", "two columns are needed"),
        ("a_cal.fits\n", "two columns are needed"),
    ],
)
def test_what_is_wrong_with_a_table(tmp_path, text, problem):
    path = tmp_path / "levels.txt"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        match_levels(path, NAMES)
    (message,) = error.value.problems
    assert problem in message


def test_all_that_is_wrong_comes_at_once(tmp_path):
    path = tmp_path / "levels.txt"
    path.write_text("a_cal.fits x\nc_cal.fits 3\n")
    with pytest.raises(InputError) as error:
        match_levels(path, NAMES)
    assert len(error.value.problems) == 3


def test_a_single_exposure_has_no_table_in_jwst(tmp_path):
    path = tmp_path / "levels.txt"
    path.write_text("a_cal.fits 1\n")
    with pytest.raises(InputError, match="single exposure"):
        match_levels(path, NAMES[:1])


def test_what_is_written_is_what_jwst_reads(tmp_path):
    path = write_levels({"a_cal.fits": 0.1, "b_cal.fits": -1e-9}, tmp_path)
    table = np.genfromtxt(path, dtype=[("fname", "<S128"), ("sky", "f8")])
    assert table["sky"].tolist() == [0.1, -1e-9]
    assert table["fname"].astype(str).tolist() == NAMES
