"""``action=selftest``: whether this installation makes the mosaic that it should, without network and without data."""

from app.cli.selftest.check import selftest

__all__ = ["selftest"]
