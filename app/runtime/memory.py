"""Lack of memory: recognised among other errors, and explained."""

import errno

from app.runtime.errors import MemoryExceededError, causes
from app.runtime.resources import memory_limit

__all__ = ["memory_error"]


def memory_error(error: BaseException, estimate: float | None) -> MemoryExceededError | None:
    """The error that says that memory was too small, with the estimate; None where it is another error.

    Parameters
    ----------
    error : BaseException
        Anything; libraries hide the first cause behind errors of their own, so those behind it count too.
    estimate : float or None
        What the work was thought to need [byte].
    """
    for cause in causes(error):
        if isinstance(cause, MemoryExceededError):
            return MemoryExceededError([*cause.problems, _amounts(estimate)])
        if _is_lack(cause):
            said = str(error).strip() or "no message"
            return MemoryExceededError([f"out of memory ({type(cause).__name__}: {said})", _amounts(estimate)])
    return None


def _is_lack(error: BaseException) -> bool:
    """Whether an error means lack of memory: Python's, the system's, or one of an extension that sets no exception."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, MemoryError) or (isinstance(error, SystemError) and "without exception set" in str(error))


def _amounts(estimate: float | None) -> str:
    known = f"the estimate was {estimate / 1e9:.1f} GB, and " if estimate else ""
    return f"{known}this process may use {memory_limit() / 1e9:.1f} GB: give it more, or set a smaller procs"
