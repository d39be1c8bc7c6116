"""A run of 40 exposures, killed twenty times at random: how much of its work is done twice, and to what end.

Small exposures tell how many items are done twice, and nothing of time, which goes into the starts. For that:
``LV3_FAULTS_PIXELS=1024 pytest -s -m faults tests/faults/test_checkpoints.py``, which takes some minutes; more pixels
than MIRI has are NIRCam's.
"""

import json
import os
import random
import signal
import sys
import time
import traceback
from collections import Counter

import pytest

import app.pipeline.run
import app.report.page
import app.run.making
from app.runtime.checkpoints import Once, name_of
from app.simulation import simulate_observation
from tests.faults.compare import differences
from tests.runs import make_step

pytestmark = pytest.mark.faults

N_EXPOSURES, N_KILLS, MOST_TWICE = 40, 20, 0.15
#: Side of the exposures.
PIXELS = int(os.environ.get("LV3_FAULTS_PIXELS", "64"))
CAMERA = {"band": "F200W", "detectors": ["NRCA1"]} if PIXELS > 1024 else {}
OPTIONS = {"alignment": "solution", "sky_method": "solution"}


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    folder, window = tmp_path_factory.mktemp("exposures"), (PIXELS, PIXELS)
    return simulate_observation(folder, n_dithers=N_EXPOSURES, window=window, **CAMERA)


class Starts:
    """Starts of one run, each a process of its own, and what they did."""

    def __init__(self, step, folder):
        self._step, self._folder = step, folder
        self._log = folder / "work"

    def one(self, seconds=None):
        """One start, killed when it has worked for so long [s of CPU]; how it ended, and how long it worked."""
        number = os.fork()
        if not number:
            self._work(seconds)
        status = os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
        return status, float((self._folder / "worked").read_text()) if status == 0 else seconds

    def _work(self, seconds):
        status = 1
        try:
            sys.stdout = sys.stderr = (self._folder / "said").open("a", buffering=1)
            self._watch(seconds)
            self._step.do_step()
            (self._folder / "worked").write_text(str(time.process_time() - self._begin))
            status = 0
        except BaseException:  # noqa: BLE001 - it would be lost: this process ends here
            traceback.print_exc()
        finally:
            os._exit(status)

    def _watch(self, seconds):
        """Note every item that is begun; the clock runs from when the run is past its checks."""
        call, keeping = Once.__call__, app.run.making.keeping

        def noted(once, task):
            if not (task.before and task.before.is_whole()):
                with self._log.open("a") as file:
                    file.write(f"{name_of(once)}\n")
            return call(once, task)

        def begun(folder):
            self._begin = time.process_time()
            if seconds is not None:
                signal.signal(signal.SIGPROF, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
                signal.setitimer(signal.ITIMER_PROF, max(seconds, 1e-3))
            return keeping(folder)

        Once.__call__, app.run.making.keeping = noted, begun

    def work(self):
        """Number of items that were begun, by what was done with them."""
        return Counter(self._log.read_text().split())


@pytest.mark.filterwarnings("ignore:Failed to achieve requested SIP")  # of large exposures, jwst's fit says so
def test_killed_twenty_times_at_random(truth, crds, tmp_path):
    folders = [tmp_path / name for name in ("undisturbed", "killed")]
    starts = []
    for folder in folders:
        folder.mkdir()
        step = make_step(truth, folder / "out", crds, **OPTIONS)
        assert step.plan.references
        starts.append(Starts(step, folder))
    undisturbed, killed = starts
    status, duration = undisturbed.one()
    assert status == 0, (folders[0] / "said").read_text()
    chance = random.Random(7)
    moments = sorted(chance.uniform(0, duration) for _ in range(N_KILLS))
    for begin, end in zip([0, *moments], moments, strict=False):
        status, _ = killed.one(end - begin)
        assert status == -signal.SIGKILL, (folders[1] / "said").read_text()
    status, rest = killed.one()
    assert status == 0, (folders[1] / "said").read_text()
    once, more = undisturbed.work(), killed.work()
    assert once.keys() == more.keys()
    again = (moments[-1] + rest) / duration - 1
    print(f"undisturbed {duration:.1f} s of CPU, {again:.1%} more when killed; items twice: {more - once} of {once}")
    print(*(json.loads((folder / "out/lv3_run.json").read_text())["times"] for folder in folders), sep="\n")
    twice = sum((more - once).values()) / sum(once.values())
    assert 0 < twice <= MOST_TWICE, more - once
    assert differences(folders[1] / "out", folders[0] / "out") == []
    assert len(json.loads((folders[1] / "out/lv3_run.json").read_text())["starts"]) == N_KILLS + 1
