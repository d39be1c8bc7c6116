"""Parts of the page that fail: each leaves its place with the reason, and is no reason to leave out the others."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from app.runtime.errors import MemoryExceededError, in_one_line

__all__ = ["Missing", "attempt", "first_missing"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Missing:
    """What stands in the place of a part that could not be made: why."""

    reason: str


def attempt(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """What a function returns, or why it does not; the log has the traceback.

    Parameters
    ----------
    function : callable
    *arguments, **options : object
        Its arguments; where one is itself missing, so is the result.

    Raises
    ------
    MemoryExceededError
        A process was killed, for lack of memory most often.
    """
    if missing := first_missing(arguments):
        return missing
    try:
        return function(*arguments, **options)
    except MemoryExceededError:  # a process was killed: with more memory there is nothing missing
        raise
    except Exception as error:
        log.warning("report: %s failed", function.__name__, exc_info=error)
        return Missing(in_one_line(error))


def first_missing(parts: Iterable[Any]) -> Missing | None:
    """The first of some parts that could not be made, if any."""
    return next((part for part in parts if isinstance(part, Missing)), None)
