"""Lists in messages."""

from collections.abc import Iterable

__all__ = ["listed"]


def listed(names: Iterable[str], shown: int = 3, separator: str = ", ") -> str:
    """The first names, and how many more there are: ``a, b, c and 4 more``."""
    names = list(names)
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return separator.join(names[:shown]) + more
