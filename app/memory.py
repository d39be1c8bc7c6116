"""A lack of memory, told from other trouble, and in words."""

import errno

from app.errors import Lv3Error, MemoryExceededError, causes
from app.estimate import estimate
from app.plan import Plan
from app.resources import memory_limit

__all__ = ["memory_error"]


def memory_error(error: BaseException, plan: Plan) -> MemoryExceededError | None:
    """The error that says that memory was too small, with the estimate; None where the trouble is another.

    Parameters
    ----------
    error : BaseException
        Anything; libraries hide the first cause behind errors of their own, so those behind it count too.
    plan : Plan
    """
    for cause in causes(error):
        if isinstance(cause, MemoryExceededError):
            return MemoryExceededError([*cause.problems, _amounts(plan)])
        if isinstance(cause, MemoryError) or (isinstance(cause, OSError) and cause.errno == errno.ENOMEM):
            said = str(error).strip() or "no words"
            return MemoryExceededError([f"out of memory ({type(cause).__name__}: {said})", _amounts(plan)])
    return None


def _amounts(plan: Plan) -> str:
    limit = f"this process may use {memory_limit() / 1e9:.1f} GB"
    try:
        cost = estimate(plan, plan.parameters)
    except Lv3Error:
        return f"{limit}: give it more, or set memory=lean or a smaller procs"
    return (
        f"the estimate was {cost.memory / 1e9:.1f} GB, and {limit}: give it more, or set memory=lean or a smaller procs"
    )
