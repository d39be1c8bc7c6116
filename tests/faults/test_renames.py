"""A signal at renames of a run: before one, and after it, when its folder is not synced yet.

At every one with `make test-faults-all`, at fewer in the checks of a change.
"""

import os
import shutil
import signal
import sys
from functools import partial
from itertools import count

import pytest

from tests.faults.command import record
from tests.faults.forked import SHARE, forked

pytestmark = pytest.mark.faults

#: Tests that share the renames, and renames after which a run is finished, in each.
PARTS, OFTEN = 2, 3
#: Renames that there are at least.
AT_LEAST = 20


def at_rename(number, to_send, note, is_after):
    """Let this process send itself a signal at one of its renames, and write a note before."""
    seen, sent = [], []

    def watch(event, _):
        if event == "os.rename":
            seen.append(event)
        if not sent and len(seen) == number and is_after != (event == "os.rename"):
            sent.append(event)
            note.touch()
            os.kill(os.getpid(), to_send)

    sys.addaudithook(watch)


def disturbed(tiny, folder, *moment):
    """Exit status of a run that gets a signal, None where it had come to its end before."""
    note = folder / "note"
    note.unlink(missing_ok=True)
    number, to_send, is_after = moment
    status, said = forked(folder, tiny.work, partial(at_rename, number, to_send, note, is_after))
    tiny.check_whole()
    if note.exists():
        return status
    assert status == 0, said
    return None


@pytest.mark.parametrize("part", range(PARTS))
def test_a_signal_at_a_rename(tiny, tmp_path, part):
    for n in count(1 + part * SHARE, PARTS * SHARE):
        status = disturbed(tiny, tmp_path, n, signal.SIGKILL, True)
        if status is None:
            break
        assert status == -signal.SIGKILL, f"at rename {n}"
        status = disturbed(tiny, tmp_path, n, signal.SIGTERM, False)  # in what the killed one has left
        assert status in (143, None), f"at rename {n}"
        if status:
            assert record(tiny.out)["state"] == "interrupted", f"at rename {n}"
        if n // (PARTS * SHARE) % OFTEN == 0:
            tiny.finish()
        shutil.rmtree(tiny.out, ignore_errors=True)
    assert n > AT_LEAST
    tiny.check_finished()
