"""Finished runs as a folder that can be published, by MAST's rules for High-Level Science Products."""

from app.cli.release.publish import release

__all__ = ["release"]
