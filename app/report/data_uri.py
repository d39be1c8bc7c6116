"""Pictures within a page: it needs no other file."""

import base64

__all__ = ["data_uri"]


def data_uri(content: bytes, kind: str) -> str:
    """The address under which a page finds a picture (``jpeg``, ``png``, ``webp``) that is part of it (RFC 2397)."""
    return f"data:image/{kind};base64," + base64.b64encode(content).decode()
