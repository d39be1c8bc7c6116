"""Which files of a folder are meant, and what is said where none is."""

import gzip
import shutil

import pytest

from app.observation.exposure import read_exposures
from app.observation.files import find_files
from app.runtime.errors import InputError

NAMES = [f"jw01234001001_02101_0000{n}_nrc{d}_cal.fits" for n in (1, 2) for d in ("a1", "a2", "b1")]


@pytest.fixture
def folder(tmp_path):
    """Files that are only names."""
    for name in NAMES:
        (tmp_path / name).touch()
    return tmp_path


def names(folder, exclude):
    return [path.name for path in find_files(folder, "cal", exclude)]


def test_files_are_found_sorted(folder):
    assert names(folder, []) == sorted(NAMES)


@pytest.mark.parametrize(
    ("exclude", "kept"),
    [
        (["nrca1"], [n for n in NAMES if "nrca1" not in n]),
        ([NAMES[0]], NAMES[1:]),
        (["*_nrca[12]_*"], [n for n in NAMES if "nrcb1" in n]),
        (["*_0000?_nrcb1_cal.fits", "_00002_"], [n for n in NAMES if "nrcb1" not in n and "_00001_" in n]),
    ],
)
def test_exclude_takes_parts_of_names_and_shell_patterns(folder, exclude, kept):
    assert names(folder, exclude) == sorted(kept)


def test_every_entry_that_matches_nothing_is_an_error(folder):
    with pytest.raises(InputError) as error:
        find_files(folder, "cal", ["nrcal1", "nrca1", "nrcb[2-4]"])
    first, second = error.value.problems
    assert first.startswith("exclude=nrcal1: matches none of the 6 input files, the first of which is jw01234001001")
    assert "exclude=nrcb[2-4]" in second


def test_in_a_survey_an_entry_may_be_meant_for_another_target(folder):
    assert len(find_files(folder, "cal", ["jw09999", "nrca1"], unmatched=True)) == 4


def test_nothing_is_left_when_all_is_left_out(folder):
    with pytest.raises(InputError, match=r"6 left out by exclude"):
        find_files(folder, "cal", ["jw01234"])


def test_a_missing_folder_and_an_extension_that_nothing_has(folder):
    with pytest.raises(InputError, match="no such folder"):
        find_files(folder / "none", "cal")
    with pytest.raises(InputError, match=r"\*_crf.fits; it holds files that end in cal.fits: is step_ext right"):
        find_files(folder, "crf")


def test_packed_files_are_pointed_at(tmp_path):
    for name in NAMES:
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(b""))
    with pytest.raises(InputError, match=r"no file matches \*_cal.fits; 6 are packed \(.gz\): unpack them"):
        find_files(tmp_path, "cal")


def test_a_folder_an_exposure_as_mast_downloads_them_is_pointed_at(tmp_path):
    for name in NAMES:
        (tmp_path / name.removesuffix(".fits")).mkdir()
        (tmp_path / name.removesuffix(".fits") / name).touch()
    with pytest.raises(InputError, match="6 are in 6 folders below, as MAST's downloads have them"):
        find_files(tmp_path, "cal")


def test_a_folder_and_a_dangling_link_are_no_files(tmp_path):
    (tmp_path / "a_cal.fits").mkdir()
    (tmp_path / "b_cal.fits").symlink_to("nowhere")
    with pytest.raises(InputError) as error:
        read_exposures(find_files(tmp_path, "cal"))
    assert len(error.value.problems) == 2


def test_files_of_an_observation(miri, tmp_path):
    shutil.copytree(miri.folder, tmp_path / "in")
    assert [path.name for path in find_files(tmp_path / "in", "cal", ["_02201_"])] == sorted(
        path.name for path in miri.files if "_02201_" not in path.name
    )
