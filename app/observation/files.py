"""The input files of a run: which of a folder's files are meant, and what to say where none is."""

import glob
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from app.runtime.errors import InputError

__all__ = ["find_files"]

#: Ends of files that were packed after they were made.
_PACKED = (".gz", ".bz2", ".xz", ".zip")


def find_files(in_dir: Path, step_ext: str, exclude: Iterable[str] = (), unmatched: bool = False) -> list[Path]:
    """Files of one target and band, sorted by name: jwst's result can depend on the order of members.

    Parameters
    ----------
    in_dir : Path
    step_ext : str
        Extension of the input files: ``*_<step_ext>.fits``.
    exclude : iterable of str
        What to leave out: names, parts of names, or shell patterns (``*_nrca[1-4]_*``).
    unmatched : bool
        Whether entries of `exclude` that match no file are allowed.

    Raises
    ------
    InputError
        No such folder, no file in it that is meant, or entries of `exclude` that match none.
    """
    try:
        if not in_dir.is_dir():
            raise InputError(f"in_dir={in_dir}: no such folder")
        found = sorted(in_dir.glob(f"*_{glob.escape(step_ext)}.fits"))
    except OSError as error:
        raise InputError(f"in_dir={in_dir}: cannot be read ({error.strerror})") from error
    if not found:
        raise InputError(f"in_dir={in_dir}: no file matches *_{step_ext}.fits{_hint(in_dir, step_ext)}")
    kept = _without(found, list(exclude), unmatched)
    if not kept:
        raise InputError(f"in_dir={in_dir}: no file matches *_{step_ext}.fits ({len(found)} left out by exclude)")
    return kept


def _without(found: list[Path], exclude: list[str], unmatched: bool) -> list[Path]:
    """The files that no entry matches."""
    matched = {entry: {path for path in found if is_named(path.name, entry)} for entry in exclude}
    if idle := [entry for entry, paths in matched.items() if not paths and not unmatched]:
        raise InputError(
            f"exclude={entry}: matches none of the {len(found)} input files, the first of which is {found[0].name}; "
            "a name, a part of a name or a shell pattern (*, ?, [...]) is needed: correct it, or take it out"
            for entry in idle
        )
    return [path for path in found if not any(path in paths for paths in matched.values())]


def is_named(name: str, entry: str) -> bool:
    """Whether a file's name holds a text, or fits a shell pattern."""
    return entry in name or fnmatchcase(name, entry)


def _hint(in_dir: Path, step_ext: str) -> str:
    """What there is instead of the files that are looked for."""
    pattern = f"*_{glob.escape(step_ext)}.fits"
    packed = [path for end in _PACKED for path in in_dir.glob(pattern + end)]
    if packed:
        ends = ", ".join(sorted({path.suffix for path in packed}))
        return f"; {len(packed)} are packed ({ends}): unpack them, for jwst reads none that are"
    if below := list(in_dir.glob(f"*/{pattern}")):
        folders = len({path.parent for path in below})
        return (
            f"; {len(below)} are in {folders} folders below, as MAST's downloads have them: put them, or links, "
            "into one folder"
        )
    others = sorted({p.name.rpartition("_")[2] for p in in_dir.glob("*_*.fits")})
    return f"; it holds files that end in {', '.join(others)}: is step_ext right?" if others else ""
