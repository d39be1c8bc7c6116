"""The same pixels, whatever the number of processes, the folder, the order of files and the day."""

import os
import shutil
from pathlib import Path

import pytest
from astropy.io import fits

from app.simulation import simulate_observation
from tests.faults.command import arguments, record, run
from tests.faults.compare import MAY_DIFFER, differences, products

YEAR = 365 * 86400
MORE = ("do_drizzle=true", "do_blot=true", "skymatch_group_dithers=[miri]")
CLOCK = {"PYTHONPATH": str(Path(__file__).parent / "clock")}


@pytest.fixture(scope="module")
def runs(tmp_path_factory, crds):
    """Two runs of one configuration that differ in all that must not matter: their folders."""
    root = tmp_path_factory.mktemp("reproducible")
    truth = simulate_observation(root / "in", n_dithers=4, window=(128, 128))
    here, there = root / "here", root / "elsewhere" / "deep" / "there"
    status, said = run(arguments(truth, here, crds, *MORE, "procs=1"))
    assert status == 0, said
    copy = root / "copy"
    copy.mkdir()
    for path in reversed(truth.files):
        shutil.copy(path, copy / path.name)
    command = [f"in_dir={copy}" if word.startswith("in_dir=") else word for word in arguments(truth, there, crds)]
    environment = CLOCK | {"CLOCK_SHIFT": str(YEAR), "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    status, said = run([*command, *MORE, "procs=4", f"work_dir={root / 'work'}"], env=environment)
    assert status == 0, said
    return here, there


@pytest.mark.slow
def test_equal_to_the_bit(runs):
    assert (
        len(products(runs[0])) == 16
    )  # mosaic, segments, catalogue, alignment; four exposures, each drizzled and blotted
    assert differences(*runs) == []


@pytest.mark.slow
def test_the_day_was_another_one(runs):
    years = [record(folder)["started"][:4] for folder in runs]
    assert int(years[1]) - int(years[0]) == 1
    dates = [fits.getheader(next(folder.glob("*_i2d.fits")))["DATE"][:4] for folder in runs]
    assert int(dates[1]) - int(dates[0]) == 1


def test_the_documented_keywords_are_those_that_are_tested():
    page = (Path(__file__).parents[2] / "docs/reproducibility.md").read_text()
    assert [key for key in MAY_DIFFER if f"`{key}`" not in page] == []


@pytest.mark.slow
def test_what_is_left_in_a_work_folder_elsewhere(runs):
    assert os.listdir(runs[0].parent / "work") == []  # noqa: PTH208
