"""SIGTERM and SIGINT: whatever a process is at, it ends soon, in order where it can, and with the right status."""

import os
import signal
import subprocess
import sys
import time

import pytest

from app.runtime.signals import Interrupted, orderly_end
from tests.faults.command import group_members, wait_until

WORK = {
    "python": "time.sleep(60)",
    "swallows": """
while True:
    try:
        time.sleep(60)
    except BaseException:
        pass
""",
    "compiled": "hashlib.pbkdf2_hmac('sha512', b'', b'', 60_000_000)",
    "processes": "list(run_all(time.sleep, [60, 60], 2))",
}
PROGRAM = """
import hashlib, logging, time
from app.runtime.pool import run_all
from app.runtime.signals import last_words
from app.runtime.exit_status import exit_status

def work():
    print("ready", flush=True)
    try:
        with last_words(lambda: print("interrupted", flush=True)):
            {work}
    finally:
        print("in order", flush=True)

raise SystemExit(exit_status(work))
"""

FORK = """
import os, signal, time
os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), {number:d}))  # before ours is called
from app.runtime import signals
signals.GRACE = 0.2
with signals.orderly_end():
    child = os.fork()
    if not child:
        os._exit(0)
    print(os.waitpid(child, 0)[1], flush=True)
    time.sleep(1)  # a parent that took the signal for its own would be ended
"""


def start(work):
    program = PROGRAM.format(work=work.strip().replace("\n", "\n" + 12 * " "))
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout.readline() == "ready\n"
    time.sleep(1)
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("work", WORK)
def test_ends_soon(work, number):
    process = start(WORK[work])
    process.send_signal(number)
    begin = time.monotonic()
    said, _ = process.communicate(timeout=30)
    assert time.monotonic() - begin < 10
    assert process.returncode == 128 + number
    assert said == ("interrupted\n" if work in ("swallows", "compiled") else "in order\n")
    wait_until(lambda: not group_members(process.pid), timeout=5)


def test_a_whole_group_may_be_told_at_once_and_more_than_once():
    process = start(WORK["processes"])
    for _ in range(5):
        os.killpg(process.pid, signal.SIGTERM)
        time.sleep(0.01)
    assert process.communicate(timeout=30)[0] == "in order\n"
    assert process.returncode == 143


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, 0)])
def test_a_process_that_was_only_just_forked_ends_alone(number, status):
    program = [sys.executable, "-c", FORK.format(number=number)]
    process = subprocess.run(program, capture_output=True, text=True, check=False)
    assert (process.returncode, process.stdout, process.stderr) == (0, f"{status:d}\n", "")


def test_handlers_are_back_afterwards():
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    with orderly_end():
        assert signal.getsignal(signal.SIGTERM) != before[0]
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_an_interruption_is_what_python_calls_one():
    with pytest.raises(KeyboardInterrupt):
        raise Interrupted(signal.SIGTERM)
