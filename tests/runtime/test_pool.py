import logging
import os
import signal
import time

import pytest

from app.runtime.errors import MemoryExceededError
from app.runtime.pool import run_all
from app.runtime.signals import Interrupted

log = logging.getLogger("app.worker")


def square(x):
    time.sleep(0.02 * (3 - x % 4))
    log.warning("squaring %d", x)
    return x * x


def die(x):
    if x == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def fail(x):
    if x == 1:
        raise ValueError(x)
    return x


def process_id(_):
    return os.getpid()


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


def test_worker_that_is_killed_ends_the_run():
    with pytest.raises(MemoryExceededError, match="procs=2"):
        list(run_all(die, range(6), 2))


def test_error_of_a_worker_is_the_callers():
    with pytest.raises(ValueError, match="1"):
        list(run_all(fail, range(6), 2))


def test_a_signal_while_the_processes_start_is_what_is_said(monkeypatch):
    def start(_):
        raise Interrupted(signal.SIGTERM)

    monkeypatch.setattr("concurrent.futures.process._ExecutorManagerThread.start", start)
    with pytest.raises(Interrupted):
        list(run_all(fail, range(6), 2))
