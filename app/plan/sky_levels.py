"""Sky levels that the user gives, for ``sky=user_levels``: a table of file name and level."""

import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from app.runtime.errors import InputError

__all__ = ["match_levels", "read_levels", "write_levels"]


def read_levels(path: Path) -> list[tuple[str, str]]:
    """Rows of a table of two columns, separated by commas or blanks: CSV, ECSV or plain text, with or without a header.

    Parameters
    ----------
    path : Path

    Returns
    -------
    list of (str, str)
        Name and level, as they are written.

    Raises
    ------
    InputError
        The file cannot be read, or a row does not have two columns.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"sky_levels={path}: cannot be read ({error})") from error
    rows = [re.split(r"\s*,\s*|\s+", line.strip()) for line in lines if line.strip() and not line.startswith("#")]
    if wrong := [row for row in rows if len(row) != 2]:
        raise InputError(
            f"sky_levels={path}: {' '.join(wrong[0])!r}: two columns are needed, file name and level, "
            "separated by a comma or blanks"
        )
    pairs = [(name.strip("\"'"), level.strip("\"'")) for name, level in rows]
    is_header = bool(pairs) and _number(pairs[0][1]) is None and ".fits" not in pairs[0][0]
    return pairs[1:] if is_header else pairs


def match_levels(path: Path, names: Iterable[str]) -> dict[str, float]:
    """Levels by file name, one for each exposure.

    Parameters
    ----------
    path : Path
    names : iterable of str
        File names of the science exposures.

    Raises
    ------
    InputError
        Names that are missing, are not a science exposure or are listed twice; levels that are not a number. The
        error lists all.
    """
    rows = [(Path(name).name.removesuffix(".fits") + ".fits", level) for name, level in read_levels(path)]
    if problems := [f"sky_levels={path}: {problem}" for problem in _problems(rows, list(names))]:
        raise InputError(problems)
    return {name: float(level) for name, level in rows}


def _problems(rows: list[tuple[str, str]], names: list[str]) -> Iterator[str]:
    listed = [name for name, _ in rows]
    yield from (f"{name} has no level" for name in names if name not in listed)
    yield from (f"{name} is not a science exposure of this run" for name in dict.fromkeys(listed) if name not in names)
    yield from (f"{name} is listed {n} times" for name in dict.fromkeys(listed) if (n := listed.count(name)) > 1)
    yield from (f"{name}: level {level!r} is not a number" for name, level in rows if _number(level) is None)
    if len(names) == 1:  # jwst reads the table with numpy.genfromtxt, which makes no array of a single row
        yield "skymatch cannot take a table for a single exposure: use sky=already_matched"


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def write_levels(levels: dict[str, float], folder: Path) -> Path:
    """Write levels in the form that ``skymatch.skylist`` takes."""
    path = folder / "skylist.txt"
    path.write_text("".join(f"{name} {level!r}\n" for name, level in levels.items()), encoding="utf-8")
    return path
