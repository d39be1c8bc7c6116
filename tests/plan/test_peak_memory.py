"""The memory that a run takes: what was thought before, against what all its processes really take at the worst."""

import re
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from app.plan.cost import estimate
from app.simulation import simulate_observation
from tests.faults.command import arguments, children, most_of, start
from tests.runs import make_step

#: Pixels of a quarter of the detector's: arrays take more than jwst itself does.
FINE = {"mosaic_pixel_scale": 0.0275}
#: Time between two looks at the memory [s].
OFTEN = 0.1


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    return simulate_observation(tmp_path_factory.mktemp("exposures"), n_dithers=4, window=(512, 512))


def memory(process):
    """Memory of a process and of those below it [byte]: proportional set sizes, which count shared pages once."""
    with suppress(OSError, TypeError):  # it has just ended
        rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
        own = 1024 * int(re.search(r"^Pss: +(\d+)", rollup, re.MULTILINE)[1])
        return own + sum(map(memory, children(process)))
    return 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"procs": 1, "jwst_parameters": {"source_catalog": {"skip": True}}},
        {"procs": 2},
        FINE | {"procs": 2, "do_drizzle": True},
    ],
)
def test_the_estimate_is_never_less_than_the_peak_and_not_much_more(truth, crds, tmp_path, options):
    plan = make_step(truth, tmp_path, crds, **options).plan
    thought = estimate(plan, plan.parameters).memory

    def begin(number):
        process = start(arguments(truth, tmp_path / f"out{number}", crds, "report=true", *words(options)))
        return process, partial(memory, process.pid)

    peak = most_of(begin, thought / 1.5, OFTEN)
    print(f"estimate {thought / 1e6:.0f} MB, peak {peak / 1e6:.0f} MB")
    assert peak < thought < 1.5 * peak


def words(options):
    for key, value in options.items():
        yield f"+{key}.source_catalog.skip=true" if key == "jwst_parameters" else f"{key}={str(value).lower()}"
