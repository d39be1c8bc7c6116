"""Reading ASDF without a check against its schemas: jwst did that when it wrote, and it takes longer than the rest."""

from contextlib import AbstractContextManager

import asdf

from app.runtime.patched import patched

__all__ = ["unchecked"]


def unchecked() -> AbstractContextManager[None]:
    """Context in which asdf does not check what it reads.

    `asdf.config_context` would make asdf look for its plugins anew each time, which takes longer still.
    """
    return patched(asdf.get_config(), "validate_on_read", False)
