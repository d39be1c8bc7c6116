"""Files and folders that a configuration names: which texts are paths, and the same path however it is written."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.config.schema import Lv3Config

__all__ = ["FILE_PARAMETERS", "listed_catalogues", "named_files", "read_with", "with_resolved_paths"]

#: Parameters of jwst's steps that can name a file; abs_refcat can also be the name of an online catalogue.
FILE_PARAMETERS = {"abs_refcat", "catfile", "output_wcs", "skylist"}

_KEYS = ("in_dir", "sky_levels", "sky_anchor", "mosaic_like", "align_from")
_TABLES = ("jwst_parameters", "presets")


def named_files(config: Lv3Config) -> Iterator[tuple[tuple[str, ...], Path]]:
    """Files that a run reads beside its exposures; those that are not there are left out.

    Yields
    ------
    tuple
        The keys that lead to the name, at any depth and below selectors too: ``("sky_levels",)``,
        ``("jwst_parameters", "tweakreg", "abs_refcat", "miri")``; the path as it is written.
    """
    for key in (*_KEYS, *_TABLES):
        for keys, value in _texts(getattr(config, key), (key,)):
            if _name_a_path(keys) and os.path.isfile(value):  # noqa: PTH113 - any text, also one that can be no name
                yield keys, Path(value)


def read_with(keys: tuple[str, ...], path: Path) -> Iterator[Path]:
    """What is read where a file is named: itself; for ``catfile`` its folder, and catalogues that lie elsewhere."""
    if "catfile" not in keys:
        yield path
        return
    yield path.parent
    yield from (file for file in listed_catalogues(path) if file.is_file() and file.parent != path.parent)


def listed_catalogues(catfile: Path) -> Iterator[Path]:
    """The catalogues that a list of exposures and catalogues names, relative to itself."""
    for line in catfile.read_text(encoding="utf-8", errors="replace").splitlines():
        if len(row := line.split()) == 2 and not row[0].startswith("#"):
            yield catfile.parent / row[1]


def with_resolved_paths(config: Lv3Config) -> dict[str, Any]:
    """The configuration as a table in which paths to what a run reads are absolute, free of links and of ``..``."""
    table = asdict(config)
    return table | {key: _resolved(table[key], (key,)) for key in (*_KEYS, *_TABLES)}


def _texts(value: Any, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text in a table of tables, with the keys that lead to it."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, (*keys, str(key)))
    elif isinstance(value, str):
        yield keys, value


def _resolved(value: Any, keys: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return {key: _resolved(item, (*keys, str(key))) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item, keys) for item in value]
    is_path = isinstance(value, str) and _name_a_path(keys) and os.path.exists(value)  # noqa: PTH110
    return str(Path(value).resolve()) if is_path else value


def _name_a_path(keys: tuple[str, ...]) -> bool:
    return keys[0] in _KEYS or not FILE_PARAMETERS.isdisjoint(keys)
