"""The small parent of a run: it hears signals, sees how the run ends, and says so; tried with runs of a few lines."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.faults.command import STARTED, TIMEOUT, at_most, end_all, full_pipe, group_members, wait_until

#: A supervisor whose run is a program of ours: CHILD says that it has begun by making the file `begun`.
PARENT = """
import sys
from app.config.schema import Lv3Config
from app.run import supervisor
from app.runtime.exit_status import exit_status
from app.runtime.logs import configure_logging

supervisor.GRACE = {grace}
supervisor._PROGRAM = (sys.executable, "-c", {child!r})
configure_logging()
config = Lv3Config(target="n", band="F770W", in_dir="in", out_dir="out", report=False)
sys.exit(exit_status(lambda: supervisor.supervise(config, []).status))
"""
CHILD = """
import hashlib, itertools, os, pathlib, pickle, signal, subprocess, sys, time
from app.runtime.exit_status import exit_status
from app.runtime.parent import end_with
end_with(int(sys.argv[1]))
order = pickle.load(sys.stdin.buffer)

def begun():
    pathlib.Path("begun").write_text(str(os.getpid()))

def work():
    {work}

sys.exit(exit_status(work))
"""
SWALLOWS = """
    begun()
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
"""
COMPILED = "begun(); hashlib.pbkdf2_hmac('sha512', b'', b'', 2_000_000_000)"
HOLDS = "begun(); sum(itertools.repeat(0))"  # the interpreter too, which no signal enters
POOL = """
    from app.runtime.pool import run_all
    def items():
        yield itertools.repeat(0)
        begun()
        yield itertools.repeat(0)
    list(run_all(sum, items(), 2))
"""
SLEEPS = "begun(); time.sleep(60)"
LEAVES = "subprocess.Popen(['sleep', '60']); begun(); time.sleep(60)"
STATUS = {signal.SIGTERM: 143, signal.SIGINT: 130, signal.SIGHUP: 129, signal.SIGUSR2: 143}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder to work in; what a test has started ends with it."""
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    end_all()


def start(work, grace=2.0 * TIMEOUT, **options):
    program = PARENT.format(grace=grace, child=CHILD.format(work=work.strip()))
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True} | options
    STARTED.append(subprocess.Popen([sys.executable, "-c", program], start_new_session=True, **options))
    return STARTED[-1]


def begin(work, grace=2.0 * TIMEOUT, **options):
    """Start, and wait until the run is at work."""
    process = start(work, grace, **options)
    wait_until(lambda: Path("begun").exists() or process.poll() is not None)
    wait_until(lambda: Path("begun").read_text() or process.poll() is not None)
    return process, int(Path("begun").read_text())


def is_gone(pid):
    """Whether a group of processes has nobody left."""
    wait_until(lambda: not group_members(pid))
    return True


@pytest.mark.parametrize("number", STATUS)
def test_a_signal_is_passed_on_and_the_status_is_its_own(number):
    process, run = begin(SLEEPS)
    process.send_signal(number)
    said, _ = process.communicate(timeout=TIMEOUT)
    assert process.returncode == STATUS[number], said
    assert said.count(f"interrupted by {number.name}") == 1
    assert is_gone(run)


@pytest.mark.parametrize(
    "work", [SWALLOWS, COMPILED, HOLDS, LEAVES.replace("time.sleep(60)", SWALLOWS.split("()", 1)[1])]
)
def test_a_run_that_does_not_end_is_ended_with_all_that_it_started(work):
    process, run = begin(work, grace=0.5)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 143, said
    assert "interrupted by SIGTERM" in said
    assert is_gone(run)


def test_processes_of_a_pool_that_hold_the_interpreter_do_not_hold_up_the_end():
    process, run = begin(POOL)
    begin_of_end = time.monotonic()
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, "interrupted by SIGTERM" in said) == (143, True), said
    assert "ended at once" not in said, "it was ended in order"
    assert time.monotonic() - begin_of_end < at_most(10)
    assert is_gone(run)


def test_a_run_that_ends_well_after_a_signal_was_interrupted_nevertheless():
    process, _ = begin("begun()\n    try:\n        time.sleep(60)\n    except KeyboardInterrupt:\n        return")
    process.send_signal(signal.SIGTERM)
    assert process.wait(TIMEOUT) == 143


def test_more_signals_do_nothing():
    process, _ = begin("begun()\n    try:\n        time.sleep(60)\n    finally:\n        time.sleep(1); begun()")
    for _ in range(5):
        process.send_signal(signal.SIGTERM)
    assert process.wait(TIMEOUT) == 143
    assert "interrupted by SIGTERM" in process.communicate()[0]


@pytest.mark.parametrize(
    ("work", "status", "said"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", 31, "SIGKILL: for want of memory, unless somebody killed it"),
        ("os.kill(os.getpid(), signal.SIGBUS)", 1, "ended by SIGBUS"),
        ("os._exit(7)", 1, "exited with status 7"),
        ("return 22", 22, ""),
        ("return 0", 0, ""),
    ],
)
def test_how_a_run_ended_is_seen(work, status, said):
    process = start(work)
    output, _ = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, said in output) == (status, True), output


def test_what_a_run_leaves_behind_ends_with_it():
    process, run = begin(LEAVES.replace("time.sleep(60)", "return"))
    assert process.wait(TIMEOUT) == 0
    assert is_gone(run)


@pytest.mark.parametrize("to_group", [False, True])
def test_a_run_does_not_outlive_its_parent(to_group):
    process, run = begin(COMPILED)
    (os.killpg if to_group else os.kill)(process.pid, signal.SIGKILL)
    process.wait(TIMEOUT)
    assert is_gone(run)


def test_nobody_reads_what_is_said():
    read, write = full_pipe()
    process, run = begin("begun()\n    while True: sys.stderr.write('more')", grace=1.0, stdout=write, stderr=write)
    process.send_signal(signal.SIGTERM)
    assert process.wait(TIMEOUT) == 143
    assert is_gone(run)
    os.close(read)
    os.close(write)


def test_a_terminal_that_closes():
    here, there = pty.openpty()
    process, run = begin(SLEEPS, stdin=there, stdout=there, stderr=there, preexec_fn=lambda: take(there))
    os.close(there)
    os.close(here)
    assert process.wait(TIMEOUT) == 129
    assert is_gone(run)


def take(terminal):
    """Make a terminal that of the new session."""
    import fcntl
    import termios

    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


def test_a_run_sleeps_and_wakes_with_its_parent():
    process, run = begin(SLEEPS)
    process.send_signal(signal.SIGTSTP)
    wait_until(lambda: {state(process.pid), state(run)} == {"T"})
    process.send_signal(signal.SIGCONT)
    wait_until(lambda: state(run) == "S")
    process.send_signal(signal.SIGTERM)
    assert process.wait(TIMEOUT) == 143


def state(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


RECORDED = """
    from app.record.record import Record
    from app.run.folder import OutputFolder
    with OutputFolder(order.config).taken():
        Record(order.config.output_folder, order.config).write()
        begun()
        {then}
"""


@pytest.mark.parametrize(
    ("then", "number", "state", "kind"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", None, "failed", "MemoryExceededError"),
        ("os.kill(os.getpid(), signal.SIGBUS)", None, "failed", "Lv3Error"),
        ("hashlib.pbkdf2_hmac('sha512', b'', b'', 2_000_000_000)", signal.SIGTERM, "interrupted", "Interrupted"),
        ("hashlib.pbkdf2_hmac('sha512', b'', b'', 2_000_000_000)", signal.SIGUSR2, "interrupted", "TimeLimitError"),
    ],
)
def test_the_record_of_a_dead_run_is_completed_and_its_folder_tidied(then, number, state, kind):
    process, _ = begin(RECORDED.format(then=then), grace=0.5)
    if number:
        process.send_signal(number)
    said, _ = process.communicate(timeout=TIMEOUT)
    record = json.loads(Path("out/lv3_run.json").read_text())
    assert (record["state"], record["error"]["type"]) == (state, kind), said
    assert [path.name for path in Path("out").iterdir() if path.name.startswith(".")] == []


def test_the_record_of_another_run_is_not_touched():
    other, _ = begin(RECORDED.format(then="time.sleep(60)"))
    before = Path("out/lv3_run.json").read_text()
    process = start("os.kill(os.getpid(), signal.SIGKILL)")
    said, _ = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 31, said
    assert Path("out/lv3_run.json").read_text() == before
    assert other.poll() is None
