"""Which files of a folder are meant, and what is said where none is."""

import gzip
import shutil

import pytest

from app.observation.exposure_headers import read_exposures
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


def test_packed_files_are_found_but_where_the_unpacked_one_is_beside(folder):
    with gzip.open(folder / f"{NAMES[0]}.gz", "wb"):
        pass
    (folder / NAMES[1]).rename(folder / f"{NAMES[1]}.gz")
    assert names(folder, []) == sorted([NAMES[0], f"{NAMES[1]}.gz", *NAMES[2:]])


def test_other_packers_are_pointed_at(tmp_path):
    for name in NAMES:
        (tmp_path / f"{name}.bz2").touch()
    with pytest.raises(InputError, match=r"no file matches \*_cal.fits; 6 are packed \(.bz2\): unpack them"):
        find_files(tmp_path, "cal")


@pytest.fixture
def mast(tmp_path):
    """A folder an exposure, as in MAST's downloads."""
    for name in NAMES:
        place = tmp_path / "MAST" / "JWST" / name.removesuffix("_cal.fits")
        place.mkdir(parents=True)
        (place / name).touch()
        (place / name.replace("_cal", "_i2d")).touch()
    return tmp_path / "MAST"


def test_files_are_found_below_by_name(mast):
    assert names(mast, []) == sorted(NAMES)
    assert names(mast, ["nrca1"]) == [n for n in sorted(NAMES) if "nrca1" not in n]


def test_a_list_and_a_pattern_of_folders_or_files(mast):
    some = find_files([mast / "JWST" / NAMES[0][:-9], str(mast / "JWST" / "*nrcb1")], "cal")
    assert [path.name for path in some] == sorted({NAMES[0], *(n for n in NAMES if "nrcb1" in n)})
    assert len(find_files([str(mast / "**" / "*nrca?_cal.fits")], "cal")) == 4
    with pytest.raises(InputError, match="no file and no folder fits this pattern"):
        find_files([str(mast / "*.nothing")], "cal")


def test_a_file_that_is_reached_twice_is_one_and_a_link_back_leads_nowhere(mast):
    first = next(mast.rglob(NAMES[0]))
    (mast / "again").mkdir()
    (mast / "again" / NAMES[0]).symlink_to(first)
    (mast / "hard").mkdir()
    (mast / "hard" / NAMES[0]).hardlink_to(first)
    (mast / "JWST" / "up").symlink_to(mast)
    assert names(mast, []) == sorted(NAMES)
    assert len(find_files([mast, mast / "JWST"], "cal")) == len(NAMES)


def test_what_this_program_made_and_what_is_hidden_is_no_input(mast):
    (mast / "out").mkdir()
    for name in ("lv3_run.json", "a_cal.fits"):
        (mast / "out" / name).touch()
    (mast / ".work").mkdir()
    (mast / ".work" / "b_cal.fits").touch()
    assert names(mast, []) == sorted(NAMES)
    assert names(mast / "out", []) == ["a_cal.fits"], "unless it is asked for by name"


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
