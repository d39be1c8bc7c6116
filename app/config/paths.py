"""Files and folders that a configuration names, told from other texts, and the same from wherever they are named."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.config.schema import Lv3Config

__all__ = ["FILE_PARAMETERS", "named_files", "with_resolved_paths"]

#: Parameters of jwst's steps that can name a file: catalogues, pixel grid, sky levels.
FILE_PARAMETERS = {"abs_refcat", "catfile", "output_wcs", "skylist"}

_KEYS = ("in_dir", "sky_levels", "mosaic_like")
_TABLES = ("jwst_parameters", "presets")


def named_files(config: Lv3Config) -> Iterator[tuple[str, Path]]:
    """Files that a run reads beside its exposures, each with the key that names it; those that are not there are not.

    Yields
    ------
    tuple of str and Path
        ``sky_levels``, ``mosaic_like``, and `FILE_PARAMETERS` at any depth, below selectors too.
    """
    for key in (*_KEYS, *_TABLES):
        for where, value in _texts(getattr(config, key), key):
            if _names_a_path(where) and os.path.isfile(value):  # noqa: PTH113 - any text, also one that can be no name
                yield where, Path(value)


def with_resolved_paths(config: Lv3Config) -> dict[str, Any]:
    """The configuration as a table in which paths to what a run reads are absolute, free of links and of ``..``."""
    table = asdict(config)
    return table | {key: _resolved(table[key], key) for key in (*_KEYS, *_TABLES)}


def _texts(value: Any, where: str) -> Iterator[tuple[str, str]]:
    """Every text in a table of tables, with the keys that lead to it, divided by dots."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, f"{where}.{key}")
    elif isinstance(value, str):
        yield where, value


def _resolved(value: Any, where: str) -> Any:
    if isinstance(value, Mapping):
        return {key: _resolved(item, f"{where}.{key}") for key, item in value.items()}
    is_path = isinstance(value, str) and _names_a_path(where) and os.path.exists(value)  # noqa: PTH110
    return str(Path(value).resolve()) if is_path else value


def _names_a_path(where: str) -> bool:
    return where in _KEYS or not FILE_PARAMETERS.isdisjoint(where.split("."))
