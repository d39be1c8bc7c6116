import logging
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from app.runtime.checkpoints import keeping, scope
from app.runtime.errors import InputError, Lv3Error, MemoryExceededError
from app.runtime.pool import one_pool, run_all
from app.runtime.processes import Processes, _Forked
from app.runtime.signals import Interrupted
from tests.faults.command import group_members, wait_until

log = logging.getLogger("app.worker")


def test_the_end_of_the_process_that_forks_is_told_by_its_status():
    number = os.fork()
    if not number:
        time.sleep(60)
        os._exit(0)
    forked = _Forked(number)
    forked.kill()
    assert [forked.wait(), forked.wait()] == [-signal.SIGKILL] * 2
    forked.kill()  # its number may be another's by now

    processes = Processes(_nothing)
    processes.start()
    processes._forker.kill()
    with pytest.raises(MemoryExceededError, match="the process that starts others was killed"):
        processes.fork()
    processes.stop()
    assert processes.workers == []


def _nothing():
    """Load nothing."""


def square(x):
    time.sleep(0.02 * (3 - x % 4))
    log.warning("squaring %d", x)
    return x * x


def die(how, x):
    if x == 2:
        how()
    return x


class OddError(Exception):
    """An error that cannot be made from its arguments."""

    def __init__(self, name, number):
        super().__init__(f"{name} is {number}")


class SpokenError(Exception):
    """An error that pickles to another."""

    def __init__(self, text="nothing"):
        self.text = text

    def __str__(self):
        return self.text


def local_error():
    class LocalError(Exception):
        pass

    return LocalError("of a class that no other process knows")


ERRORS = {
    "ValueError": lambda: ValueError("bad"),
    "InputError": lambda: InputError(["one", "two"]),
    "FileNotFoundError": lambda: FileNotFoundError(2, "gone", "/a"),
    "OddError": lambda: OddError("a", 1),
    "SpokenError": lambda: SpokenError("much"),
    "LocalError": local_error,
    "SystemExit": lambda: SystemExit("a library's"),
    "RecursionError": lambda: RecursionError("deep"),
}


def fail(name, x):
    if x == 1:
        error = ERRORS[name]()
        raise error from OSError(28, "No space left on device")
    return x


def process_id(_):
    return os.getpid()


def unpicklable(_):
    return lambda: None


def loaded():
    log.setLevel(logging.WARNING)
    os.environ["LOADED"] = str(os.getpid())


def who_loaded(_):
    return os.environ.get("LOADED")


class Of:
    """A function with one argument given, as `functools.partial`, for names in tests."""

    def __init__(self, function, argument):
        self.func, self.argument = function, argument

    def __call__(self, x):
        return self.func(self.argument, x)


def kill_self():
    os.kill(os.getpid(), signal.SIGKILL)


def crash_self():
    os.kill(os.getpid(), signal.SIGSEGV)


def exit_self():
    os._exit(3)


def term_self():
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.parametrize("procs", [1, 2, 3])
def test_results_and_messages_come_in_the_order_of_the_items(procs, caplog):
    assert list(run_all(square, range(9), procs)) == [x * x for x in range(9)]
    assert [r.getMessage() for r in caplog.records] == [f"squaring {x}" for x in range(9)]


def test_one_process_is_this_one():
    assert set(run_all(process_id, range(3), 1)) == {os.getpid()}
    assert os.getpid() not in set(run_all(process_id, range(3), 2))


def test_items_are_read_no_further_ahead_than_needed():
    read = []
    results = run_all(process_id, (read.append(i) or i for i in range(50)), 2)
    next(results)
    assert len(read) <= 5
    results.close()


def test_a_run_has_the_same_processes_each_time_which_have_loaded_once():
    with one_pool(2, loaded):
        first, second = (set(run_all(process_id, range(8), 2)) for _ in range(2))
        loaders = set(run_all(who_loaded, range(8), 2))
        assert set(run_all(process_id, run_all(process_id, range(2), 2), 2)).isdisjoint({os.getpid()})
    assert len(first | second) == 2
    assert len(loaders) == 1
    assert loaders.isdisjoint({None, str(os.getpid()), *map(str, first)})
    assert "LOADED" not in os.environ


@pytest.mark.parametrize("name", ERRORS)
def test_error_of_a_worker_is_the_callers_whatever_it_pickles_to(name):
    expected = ERRORS[name]()
    with pytest.raises(BaseException) as raised:  # noqa: PT011 - its class is what is tested
        list(run_all(Of(fail, name), range(6), 2))
    error = raised.value
    assert (type(error).__name__, str(error)) == (name, str(expected))
    assert isinstance(error, type(expected)) or name == "LocalError"
    assert error.__cause__.errno == 28
    assert "in fail" in error.__notes__[0]


def test_a_result_that_cannot_be_sent_is_an_error():
    with pytest.raises((AttributeError, TypeError)) as raised:
        list(run_all(unpicklable, range(6), 2))
    assert "pickle" in str(raised.value)


@pytest.mark.parametrize(
    ("how", "kind", "said"),
    [
        (kill_self, MemoryExceededError, "killed during die of 2.*procs=2"),
        (crash_self, Lv3Error, "ended by SIGSEGV during die of 2"),
        (exit_self, Lv3Error, "exited with status 3 during die of 2"),
        (term_self, Interrupted, "SIGTERM"),
    ],
)
def test_a_dead_worker_is_told_by_its_exit_status(how, kind, said):
    with pytest.raises(kind, match=said) as raised:
        list(run_all(Of(die, how), range(6), 2))
    assert type(raised.value) is kind


def test_after_a_death_there_are_new_processes():
    with one_pool(2, loaded):
        with pytest.raises(MemoryExceededError):
            list(run_all(Of(die, kill_self), range(6), 2))
        assert list(run_all(square, range(6), 2)) == [x * x for x in range(6)]


SCRIPT = """
import json, os, threading, time
from app.runtime.pool import one_pool, run_all
from app.pipeline.load import load
print("read")
threading.Thread(target=time.sleep, args=(0.1,)).start()
with one_pool(2, len):
    pass
print(json.dumps(list(run_all(len, ["a", "bb", "ccc"], 2))))
"""


def test_a_script_needs_no_guard_and_may_have_threads(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    said = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == ["read", "[1, 2, 3]"]


FORKS = """
import os, sys, threading, time
from app.runtime.pool import forked_pool, run_all
import tests.runtime.test_pool as here
if "thread" in sys.argv:
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
with forked_pool(2, here.loaded):
    assert "LOADED" not in os.environ, "processes are started when they are needed"
    loaders, workers = (set(run_all(func, range(8), 2)) for func in (here.who_loaded, here.process_id))
assert not workers & {os.getpid()}
print(*loaders - {str(os.getpid())})
"""


@pytest.mark.parametrize(("argument", "n_others"), [("", 0), ("thread", 1)])
def test_a_process_that_is_ours_alone_is_forked_where_it_has_no_threads(argument, n_others):
    command = [sys.executable, "-c", FORKS, argument]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert len(said.split()) == n_others


def test_what_a_forked_process_logs_and_raises_arrives_as_from_any_other():
    script = """
from app.runtime.pool import forked_pool, run_all
import logging, signal, tests.runtime.test_pool as here
logging.basicConfig(format="%(message)s")
logging.getLogger().setLevel("INFO")
signal.signal(signal.SIGTERM, lambda *_: print("told"))
with forked_pool(2, list):
    list(run_all(here.square, range(4), 2))
    try:
        list(run_all(here.Of(here.die, here.term_self), range(6), 2))
    except BaseException as error:
        print(type(error).__name__)
    print(list(run_all(here.square, range(4), 2)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.splitlines() == ["told", "Interrupted", "[0, 1, 4, 9]"]
    assert done.stderr.splitlines()[:4] == [f"squaring {x}" for x in range(4)]


LOOPS = """
import sys, time
from app.runtime.pool import run_all
import tests.runtime.test_pool as here
list(run_all(here.loop, [sys.argv[1]] * 2, 2))
"""


def loop(path):
    import hashlib

    with open(path, "a") as file:  # noqa: PTH123
        file.write(f"{os.getpid()}\n")
    hashlib.pbkdf2_hmac("sha512", b"", b"", 2_000_000_000)


def test_workers_deep_in_compiled_code_end_with_the_process_that_has_them(tmp_path):
    begun = tmp_path / "begun"
    begun.touch()
    process = subprocess.Popen([sys.executable, "-c", LOOPS, str(begun)], start_new_session=True)
    wait_until(lambda: len(begun.read_text().split()) == 2)
    process.kill()
    process.wait()
    wait_until(lambda: not group_members(process.pid))


class Unprinted(np.ndarray):
    """An array that must not be printed."""

    def __repr__(self):
        raise AssertionError("printed")

    __str__ = __repr__


def sizes(group):
    return [image.size for image, _ in group]


def test_a_group_of_arrays_is_not_printed_to_name_it(tmp_path):
    groups = [[(np.zeros((3, 4)).view(Unprinted), "a")], [(np.zeros((2, 2)).view(Unprinted), "b")]]
    with keeping(tmp_path), scope("sources"):
        assert list(run_all(sizes, groups, 1)) == [[12], [4]]
