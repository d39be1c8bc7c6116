"""A lack of memory, told from other trouble, and in words."""

import errno

from app.errors import MemoryExceededError, causes
from app.estimate import Estimate
from app.resources import memory_limit

__all__ = ["memory_error"]


def memory_error(error: BaseException, cost: Estimate | None) -> MemoryExceededError | None:
    """The error that says that memory was too small, with the estimate; None where the trouble is another.

    Parameters
    ----------
    error : BaseException
        Anything; libraries hide the first cause behind errors of their own, so those behind it count too.
    cost : Estimate or None
        Made before: there may be no memory for it now.
    """
    for cause in causes(error):
        if isinstance(cause, MemoryExceededError):
            return MemoryExceededError([*cause.problems, _amounts(cost)])
        if _is_lack(cause):
            said = str(error).strip() or "no words"
            return MemoryExceededError([f"out of memory ({type(cause).__name__}: {said})", _amounts(cost)])
    return None


def _is_lack(error: BaseException) -> bool:
    """Whether Python, the system, or an extension that checks its allocations and forgets to say why, lacks memory."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, MemoryError) or (isinstance(error, SystemError) and "without exception set" in str(error))


def _amounts(cost: Estimate | None) -> str:
    known = f"the estimate was {cost.memory / 1e9:.1f} GB, and " if cost else ""
    return f"{known}this process may use {memory_limit() / 1e9:.1f} GB: give it more, or set a smaller procs"
