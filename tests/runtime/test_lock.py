"""One run at a time in one folder: the living is respected, the dead is not."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from app.runtime import lock as module
from app.runtime.errors import InputError
from app.runtime.lock import LOCK_NAME, OutputLock, locked
from tests.faults.command import arguments, run, wait_until

HOLDER = """
import sys, time
from pathlib import Path
from app.runtime import lock
lock.LEASE, lock.HEARTBEAT = 3.0, 0.5
with lock.locked(Path(sys.argv[1])):
    print("mine", flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch, caplog):
    monkeypatch.setattr(module, "LEASE", 3.0)
    monkeypatch.setattr(module, "HEARTBEAT", 0.5)
    caplog.set_level("INFO")


def hold(folder, *before):
    """A process that holds the lock; with `before`, in a world of its own."""
    process = subprocess.Popen([*before, sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "mine\n"
    return process


@pytest.fixture
def holder(tmp_path):
    process = hold(tmp_path)
    yield process
    process.send_signal(signal.SIGKILL)
    process.communicate()


def elsewhere():
    """Words before a command that make it run on another host, as far as names and processes tell."""
    words = ["unshare", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"]
    change_name = ["sh", "-c", 'hostname elsewhere && exec "$@"', "sh"]
    if subprocess.run([*words, *change_name, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody make a host of its own")
    return [*words, *change_name]


def test_a_free_folder_is_taken_and_given_back(tmp_path):
    with locked(tmp_path) as lock:
        assert (tmp_path / LOCK_NAME).exists()
        lock.check()
    assert list(tmp_path.iterdir()) == []


def test_a_second_run_is_refused_at_once_while_the_first_lives(tmp_path, holder, caplog):
    with pytest.raises(InputError, match=f"process {holder.pid} on {socket.gethostname()}"):
        OutputLock(tmp_path).acquire()
    assert "waiting" not in caplog.text
    assert (tmp_path / LOCK_NAME).exists()


def test_a_killed_run_is_succeeded_at_once(tmp_path, holder, caplog):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with locked(tmp_path):
        assert "waiting" not in caplog.text


def test_a_process_of_the_same_number_is_not_the_same_run(tmp_path, holder):
    """The number of a dead run's process may be given to another: its start time tells."""
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    marker = (tmp_path / LOCK_NAME).read_text().replace(f"pid={holder.pid}", f"pid={os.getppid()}")
    (tmp_path / LOCK_NAME).write_text(marker)
    with locked(tmp_path):
        pass


def test_on_another_host_a_living_run_is_respected_and_a_dead_one_is_not(tmp_path, caplog):
    other = hold(tmp_path, *elsewhere())
    with pytest.raises(InputError, match="on elsewhere"):
        OutputLock(tmp_path).acquire()
    assert "waiting" in caplog.text
    begin = time.monotonic()
    other.kill()  # and with it everything in that world
    other.communicate()
    with locked(tmp_path) as lock:
        assert time.monotonic() - begin > module.LEASE - 1, "the silence of another host must last"
        lock.check()


def test_a_run_that_lost_its_folder_writes_no_more(tmp_path):
    with locked(tmp_path / ".") as lock:
        (tmp_path / LOCK_NAME).unlink()
        wait_until(lambda: is_lost(lock))
        with pytest.raises(InputError, match="taken or removed its lock"):
            lock.check()


def is_lost(lock):
    try:
        lock.check()
    except InputError:
        return True
    return False


def test_the_sign_of_life_needs_no_attention_from_the_run(tmp_path):
    with locked(tmp_path):
        before = (tmp_path / LOCK_NAME).stat().st_mtime_ns
        wait_until(lambda: (tmp_path / LOCK_NAME).stat().st_mtime_ns > before)
        names = {thread.name for thread in threading.enumerate()}
        assert any(name.startswith(module.THREAD_NAME) for name in names), "the pool must know the thread by its name"


def test_a_second_run_is_refused_by_the_command(miri, crds, tmp_path, holder):
    status, said = run(arguments(miri, tmp_path, crds))
    assert status == 20, said
    assert f"process {holder.pid}" in said
    assert {path.name for path in tmp_path.iterdir()} == {LOCK_NAME}
