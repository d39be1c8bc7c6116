"""What was freed is the system's again: in this process when asked, in those of a pool that have nothing to do."""

import ctypes
import os
import time
from functools import partial
from pathlib import Path

import pytest

from app.runtime.give_back import _trim, give_back
from app.runtime.pool import one_pool, run_all

MB = 1 << 20

pytestmark = pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="a C library that is not glibc")


def resident(process):
    """Memory of a process [byte]."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def free_much(_):
    """Take 100 MB in small pieces and free all but the last, behind which the C library keeps the others."""
    pieces = [bytes(64 * 1024) for _ in range(1600)]
    free_much.last = pieces[-1]
    before = resident(os.getpid())
    del pieces
    return os.getpid(), before


def load():
    """Nothing."""


def test_what_was_freed_is_given_back():
    process, before = free_much(0)
    kept = resident(process)
    give_back()
    assert kept - resident(process) > 50 * MB
    assert before - resident(process) > 50 * MB


def test_a_process_that_has_nothing_to_do_gives_back():
    with one_pool(2, load):
        made = list(run_all(free_much, range(2), 2))
        deadline = time.monotonic() + 60
        for process, before in made:
            while before - resident(process) < 50 * MB:
                assert time.monotonic() < deadline
                time.sleep(0.05)


def test_where_the_library_has_no_such_function_nothing_is_done(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", partial(object))
    _trim.cache_clear()
    try:
        give_back()
    finally:
        monkeypatch.undo()
        _trim.cache_clear()
