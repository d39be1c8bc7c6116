"""Signals that ask for an end: an exception in the main thread, once, which Python itself does not lose."""

import os
import signal
import subprocess
import sys
import time

import pytest

from app.runtime.signals import Interrupted, TimeLimitError, interruption, orderly_end

STATUS = {signal.SIGTERM: 143, signal.SIGINT: 130, signal.SIGHUP: 129, signal.SIGUSR2: 143}

#: Where Python drops exceptions: a signal that comes just there must end the work nevertheless.
DROPPED = {
    "__del__": "Dying()",
    "a callback of a weak reference": "reference = weakref.ref(Thing(), lambda _: ask())",
    "a hook of a fork": "os.register_at_fork(before=ask); os.waitpid(os.fork() or os._exit(0), 0)",
}
PROGRAM = """
import os, signal, sys, time, weakref
from app.runtime.exit_status import exit_status

def ask():
    os.kill(os.getpid(), signal.SIGTERM)

class Thing: pass

class Dying:
    def __del__(self):
        ask()

def work():
    try:
        {drop}
        end = time.monotonic() + 20
        while time.monotonic() < end:
            pass
    finally:
        print("in order")

sys.exit(exit_status(work))
"""


def in_process(program):
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("number", STATUS)
def test_the_first_signal_raises_and_no_other(number):
    seen = []

    def work():
        with orderly_end():
            try:
                signal.raise_signal(number)
            finally:
                signal.raise_signal(number)
                seen.append("in order")

    with pytest.raises(Interrupted) as raised:
        work()
    assert seen == ["in order"]
    assert raised.value.exit_code == STATUS[number]
    assert str(raised.value).startswith(number.name)
    for each in STATUS:  # deaf for the rest of its life, which in a test goes on
        signal.signal(each, signal.default_int_handler if each == signal.SIGINT else signal.SIG_DFL)


def test_what_comes_before_a_time_limit_is_told_from_the_limit():
    assert type(interruption(signal.SIGUSR2)) is TimeLimitError
    assert type(interruption(signal.SIGTERM)) is Interrupted


@pytest.mark.parametrize(("seconds", "kind"), [(-600, TimeLimitError), (30, TimeLimitError), (90, Interrupted)])
def test_sigterm_at_the_end_that_slurm_has_set_is_the_time_limit(monkeypatch, seconds, kind):
    monkeypatch.setenv("SLURM_JOB_END_TIME", str(int(time.time()) + seconds))
    ended = interruption(signal.SIGTERM)
    assert (type(ended), ended.exit_code) == (kind, 143)
    assert str(ended) == "SIGTERM" + " at the job's time limit" * (kind is TimeLimitError)
    assert type(interruption(signal.SIGINT)) is Interrupted


@pytest.mark.parametrize("drop", DROPPED)
def test_a_signal_is_not_lost_where_python_drops_exceptions(drop):
    ended = in_process(PROGRAM.format(drop=DROPPED[drop]))
    assert (ended.returncode, ended.stdout) == (143, "in order\n"), ended.stderr
    assert "Exception ignored" not in ended.stderr


def test_handlers_are_back_afterwards():
    before = [signal.getsignal(number) for number in STATUS]
    with orderly_end():
        assert signal.getsignal(signal.SIGTERM) != before[0]
    assert [signal.getsignal(number) for number in STATUS] == before


def test_a_process_that_was_started_deaf_stays_so():
    program = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n" + PROGRAM.format(
        drop="os.kill(os.getpid(), signal.SIGHUP); return"
    )
    assert in_process(program).returncode == 0


def test_an_interruption_is_what_python_calls_one():
    with pytest.raises(KeyboardInterrupt):
        raise Interrupted(signal.SIGTERM)


def test_a_pipe_that_broke_is_not_always_the_output():
    program = "import sys\nfrom app.runtime.exit_status import exit_status\n"
    program += "def work(): {}\nsys.exit(exit_status(work, prints={}))"
    broken = "raise BrokenPipeError(32, 'Broken pipe')"
    assert in_process(program.format(broken, True)).returncode == 1
    read, write = os.pipe()
    os.close(read)
    for work, prints, status in [("print('said')", True, 141), (broken, False, 1)]:
        command = [sys.executable, "-c", program.format(work, prints)]
        ended = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, check=False, timeout=60)
        assert ended.returncode == status, work
        assert (b"unexpected error" in ended.stderr) == (status == 1)
    os.close(write)
