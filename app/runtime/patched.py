"""An attribute of another package's module or class, replaced inside a context."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["patched"]


@contextmanager
def patched(owner: Any, name: str, replacement: Any) -> Iterator[None]:
    """Context in which an attribute of a module or class is another object; it is put back at the end."""
    original = getattr(owner, name)
    setattr(owner, name, replacement)
    try:
        yield
    finally:
        setattr(owner, name, original)
