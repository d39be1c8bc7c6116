"""Calls of the kernel in the rest of a run fail: nothing partial, an honest record, a next run that ends.

Every tenth with `make test-faults-all`, fewer in the checks of a change. What publishing and the record ask the kernel
for fails call by call in `test_calls`.
"""

import shutil

import pytest

from tests.faults.command import record
from tests.faults.forked import SHARE, traced
from tests.faults.test_calls import CALLS, ERRORS

pytestmark = pytest.mark.faults

#: Which calls, and after which of them the same command is given again.
EVERY, OFTEN = 10 * SHARE, 3
#: Parts of the names of files whose calls fail in `test_calls`.
ELSEWHERE = ("lv3_run.json", ".jwst-lv3.lock")


@pytest.fixture(scope="module")
def lines(tiny, tmp_path_factory):
    """All calls of an undisturbed run, in order."""
    status, said, lines = traced(tmp_path_factory.mktemp("traced"), tiny.work, "-e", f"trace={','.join(CALLS)}")
    assert status == 0, said
    tiny.check_finished()
    return lines


def check(tiny, status, said, error, failed):
    """Whether what is there is whole, and what is said of it is true."""
    tiny.check_whole()
    if status == 0:  # a message that is not in the log, a measurement that is missing, what is kept for the next run
        assert record(tiny.out)["state"].startswith("success")
        return
    assert status in (20, 26), said
    # Of a device's error without a name nobody can say whether it is that of the products or of the exposures.
    assert status == 26 or "cannot be written to" in said or (error == "EIO" and "input or output failed" in said), said
    if (tiny.out / "lv3_run.json").exists():
        state = record(tiny.out)["state"]
        # After the last rename of all everything is there; the status says that nobody knows whether it is on the disk.
        is_last = failed[0].startswith("fsync(") and f"<{tiny.out}>)" in failed[0] and state.startswith("success")
        assert is_last or state in ("failed", "running"), "running: the last word could not be written"


@pytest.mark.parametrize("call", CALLS)
def test_calls_fail_in_their_turn(tiny, lines, tmp_path, call):
    own = [line for line in lines if line.startswith(f"{call}(")]
    mine = [n for n, line in enumerate(own, 1) if str(tiny.out) in line and not any(e in line for e in ELSEWHERE)]
    problems = []
    for offset, error in enumerate(ERRORS):
        for turn, number in enumerate(mine[offset * EVERY // 2 :: EVERY] or mine[:1]):
            inject = ("-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={number}")
            status, said, seen = traced(tmp_path, tiny.work, *inject)
            failed = [line for line in seen if "INJECTED" in line]
            try:
                assert failed or status == 0, said
                check(tiny, status, said, error, failed)
                if turn % OFTEN == 0:
                    tiny.finish()
            except AssertionError as problem:
                problems.append(f"{call} {number} {error}: {failed}: {problem}")
            shutil.rmtree(tiny.out, ignore_errors=True)
    assert problems == [], "\n".join(problems)
