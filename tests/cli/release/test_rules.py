"""The checker of releases finds what breaks a rule, whoever has made the folder."""

import shutil

import pytest
from astropy.io import fits

from app.cli.release import release
from app.cli.release.keywords import PRIMARY
from app.cli.release.rules import problems
from tests.cli.release.made import make_config, make_run

STEM = "hlsp_my-survey_jwst_miri_ngc0628_f770w_v1"


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rules")
    run = make_run(folder / "out")
    return release(make_config(run.folder, folder / "release"))


@pytest.fixture
def folder(sound, tmp_path):
    return shutil.copytree(sound, tmp_path / "release")


def remove_keyword(key, extension=0):
    def spoil(folder):
        with fits.open(folder / f"{STEM}_i2d.fits", mode="update") as hdus:
            del hdus[extension].header[key]

    return spoil


def add_equinox(folder):
    with fits.open(folder / f"{STEM}_i2d.fits", mode="update") as hdus:
        hdus["SCI"].header["EQUINOX"] = 2000.0


def add_file(name):
    def spoil(folder):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("")

    return spoil


def remove_files(pattern):
    def spoil(folder):
        for path in folder.glob(pattern):
            path.unlink()

    return spoil


@pytest.mark.parametrize("key", PRIMARY)
def test_a_keyword_that_is_missing_is_named(folder, key):
    remove_keyword(key)(folder)
    assert any("primary header lacks" in problem and key in problem for problem in problems(folder))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (remove_keyword("CRPIX1", "WHT"), "extension WHT lacks CRPIX1"),
        (remove_keyword("BUNIT", "ERR"), "extension ERR lacks BUNIT"),
        (add_equinox, "has EQUINOX, which ICRS has not"),
        (add_file("notes.txt"), "notes.txt: has 2 fields"),
        (add_file(f"Upper/{STEM}_x.txt"), "Upper/: a folder's name is"),
        (add_file(f"sub/{STEM}_cat.ecsv"), f"{STEM}_cat.ecsv: is there more than once"),
        (add_file(f"{STEM}_new.txt"), "new.txt is not listed"),
        (remove_files("*_cat.ecsv"), "cat.ecsv is listed, and not there"),
        (remove_files("*_readme.md"), "there are 0 files readme"),
        (remove_files("*_manifest.txt"), "there are 0 files manifest"),
        (remove_files("*_preview*"), "there is no picture of it"),
        (lambda folder: (folder / f"{STEM}_footprints.reg").write_text("x"), "footprints.reg has another checksum"),
    ],
)
def test_what_breaks_a_rule_is_found(folder, spoil, said):
    assert problems(folder) == []
    spoil(folder)
    assert any(said in problem for problem in problems(folder)), problems(folder)


def test_a_release_without_a_doi_is_one_with_a_point_open(tmp_path, caplog):
    run = make_run(tmp_path / "out")
    folder = release(make_config(run.folder, tmp_path / "release", hlsp_doi=None))
    assert "still open" in caplog.text
    assert {problem.partition(": ")[2] for problem in problems(folder)} == {
        "its primary header lacks DOI, which MAST gives: hlsp_doi=10.17909/..."
    }
    assert "DOI: not given yet" in (folder / "hlsp_my-survey_readme.md").read_text()
