"""An attribute of somebody else's module or class, replaced for a while."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["replaced"]


@contextmanager
def replaced(owner: Any, name: str, replacement: Any) -> Iterator[None]:
    """Context in which a module or class has another attribute."""
    original = getattr(owner, name)
    setattr(owner, name, replacement)
    try:
        yield
    finally:
        setattr(owner, name, original)
