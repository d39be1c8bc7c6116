"""Reading ASDF without a check against its schemas: jwst did that when it wrote, and it takes longer than the rest."""

from collections.abc import Iterator
from contextlib import contextmanager

import asdf

__all__ = ["unchecked"]


@contextmanager
def unchecked() -> Iterator[None]:
    """Context in which asdf does not check what it reads.

    `asdf.config_context` would make asdf look for its plugins anew each time, which takes longer still.
    """
    options = asdf.get_config()
    usual, options.validate_on_read = options.validate_on_read, False
    try:
        yield
    finally:
        options.validate_on_read = usual
