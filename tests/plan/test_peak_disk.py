"""The room that a run takes on the disk: what was thought before, against what it really takes at its worst."""

import os
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from app.plan.cost import estimate
from app.simulation import simulate_observation
from tests.faults.command import arguments, most_of, start
from tests.plan.test_peak_memory import words
from tests.runs import make_step

#: Pixels of a quarter of the detector's: the images that outliers are found with take more than the products.
FINE = {"mosaic_pixel_scale": 0.0275}
#: Time between two looks at the disk [s].
OFTEN = 0.02
#: What a run takes for record, report and log, which counts more in a small one [byte].
SMALL = 3e6


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    return simulate_observation(tmp_path_factory.mktemp("exposures"), n_dithers=5, window=(256, 256))


def room(folder):
    """What the files in a folder take [byte]; some may go while they are counted."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                total += Path(place, name).stat().st_blocks * 512
    return total


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        FINE | {"procs": 1},
        FINE | {"procs": 1, "resume": False},
        FINE | {"procs": 2, "do_drizzle": True, "drizzle_footprint_only": True},
        {"procs": 1, "do_drizzle": True, "do_blot": True},
    ],
)
def test_the_estimate_is_the_peak_within_a_tenth_and_never_less(truth, crds, tmp_path, options):
    plan = make_step(truth, tmp_path, crds, **options).plan
    thought = estimate(plan, plan.parameters).disk

    def begin(number):
        out = tmp_path / f"out{number}"
        return start(arguments(truth, out, crds, *words(options))), partial(room, out)

    peak = most_of(begin, (thought - SMALL) / 1.1, OFTEN)
    assert peak < thought < 1.1 * peak + SMALL


@pytest.mark.slow
def test_of_two_disks_each_has_its_own(truth, crds, tmp_path):
    options = FINE | {"procs": 1, "do_drizzle": True}
    plan = make_step(truth, tmp_path, crds, work_dir=str(tmp_path / "work"), **options).plan
    thought = estimate(plan, plan.parameters)
    peaks = {"products": 0, "work": 0}

    def begin(number):
        out, work = tmp_path / f"out{number}", tmp_path / f"work{number}"

        def look():
            for name, folder in zip(peaks, (out, work), strict=True):
                peaks[name] = max(peaks[name], room(folder))
            return all(getattr(thought, f"disk_{name}") < 1.1 * peak + SMALL for name, peak in peaks.items())

        return start(arguments(truth, out, crds, f"work_dir={work}", *words(options))), look

    most_of(begin, 0, OFTEN)
    for name, peak in peaks.items():
        assert peak < getattr(thought, f"disk_{name}") < 1.1 * peak + SMALL, name
    assert min(thought.disk_products, thought.disk_work) < 0.9 * thought.disk
