"""Memory that a process has freed, and the C library keeps for it, given back to the system."""

import ctypes
from collections.abc import Callable
from functools import cache

__all__ = ["give_back"]


def give_back() -> None:
    """Give back what was freed; the other processes of a run need it more.

    glibc keeps up to twice the size of the largest array that it has freed, 64 MB at most, and what lies before memory
    that is in use (mallopt(3), M_MMAP_THRESHOLD). Other C libraries have no such function; there nothing is done.
    """
    _trim()(0)


@cache
def _trim() -> Callable[[int], object]:
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return lambda _: None
