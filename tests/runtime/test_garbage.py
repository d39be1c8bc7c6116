"""Garbage is not looked for while modules are loaded, nor among what was there; what is made later is found."""

import gc
import subprocess
import sys
import weakref

import pytest

from app.runtime.garbage import loading, own_garbage
from app.runtime.pool import one_pool, run_all


class Circle:
    """Refers to itself, so that only a look for garbage finds it."""

    def __init__(self):
        self.me = self


@pytest.fixture(autouse=True)
def as_before():
    """Nothing is set aside, before and after."""
    gc.unfreeze()
    yield
    gc.unfreeze()
    gc.enable()


def lost_circle():
    """A circle that nobody holds, which looks for garbage find."""
    return weakref.ref(Circle())


def is_found(circle):
    """Whether a look finds it."""
    gc.collect()
    return circle() is None


def test_while_modules_are_loaded_nobody_looks_and_later_all_is_looked_at():
    """Also what a program had before: it may not be ours."""
    before = lost_circle()
    with loading():
        assert not gc.isenabled()
        loaded = lost_circle()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    assert is_found(before)
    assert is_found(loaded)


def test_who_looks_for_no_garbage_at_all_is_left_so():
    gc.disable()
    with loading():
        pass
    assert not gc.isenabled()


def test_an_error_while_modules_are_loaded_does_not_stop_looks_for_ever():
    with pytest.raises(ImportError), loading():
        raise ImportError
    assert gc.isenabled()


def test_a_run_looks_among_what_is_its_own_and_later_all_is_looked_at():
    before = lost_circle()
    with own_garbage():
        assert is_found(lost_circle())
        assert not is_found(before)
    assert is_found(before)


@pytest.mark.parametrize(("end", "said"), [("", "looked"), ("no_last_look()", "")])
def test_a_process_ends_without_a_look_at_all_that_is_there(end, said):
    program = f"""
from app.runtime.garbage import no_last_look

class Circle:
    def __init__(self):
        self.me = self

    def __del__(self):
        print("looked", end="")

Circle()
{end}
"""
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == said


def load():
    """Nothing."""


def looks(_):
    """Whether this process looks for garbage, and leaves what was loaded alone."""
    return gc.isenabled(), gc.get_freeze_count() > 0


def test_processes_of_a_pool_look_for_garbage_but_not_among_what_was_loaded():
    with one_pool(2, load):
        assert set(run_all(looks, range(4), 2)) == {(True, True)}
