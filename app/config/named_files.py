"""Files that parameters of jwst's steps name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.config.schema import Lv3Config

__all__ = ["FILE_PARAMETERS", "named_files", "read_with"]

#: Parameters whose value is a file name; that of ``abs_refcat`` may be the name of an online catalogue instead.
FILE_PARAMETERS = ("abs_refcat", "catfile", "output_wcs", "skylist")


def named_files(config: Lv3Config) -> Iterator[tuple[tuple[str, ...], Path]]:
    """Every file that is there of those that `jwst_parameters` and `presets` name, below any selector.

    Yields
    ------
    tuple
        The keys that lead to the name, ``("jwst_parameters", "tweakreg", "abs_refcat", "miri")``; the absolute path.
    """
    for root in ("jwst_parameters", "presets"):
        yield from _files(getattr(config, root), (root,))


def _files(value: Any, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Path]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _files(item, (*keys, str(key)))
    elif isinstance(value, str) and set(keys) & set(FILE_PARAMETERS) and Path(value).is_file():
        yield keys, Path(value).absolute()


def read_with(keys: tuple[str, ...], path: Path) -> Iterator[Path]:
    """What is read where a file is named: itself; for ``catfile`` its folder, and catalogues that lie elsewhere."""
    if "catfile" not in keys:
        yield path
        return
    yield path.parent
    rows = (line.split() for line in path.read_text(encoding="utf-8", errors="replace").splitlines())
    listed = (path.parent / row[1] for row in rows if len(row) == 2 and not row[0].startswith("#"))
    yield from (file for file in listed if file.is_file() and file.parent != path.parent)
