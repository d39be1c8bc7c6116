"""The input files of a run: which files of folders are meant, and what to say where there is none."""

import glob
import logging
import os
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

from app.observation.names import RECORD_NAME
from app.observation.packed import PACKED, unpacked_name
from app.runtime.errors import InputError

__all__ = ["find_files", "searched_folder"]

log = logging.getLogger(__name__)

#: Suffixes of packed files that are not unpacked.
_OTHERS_PACKED = (".bz2", ".xz", ".zip")


def find_files(
    places: Path | Iterable[str | Path], step_ext: str, exclude: Iterable[str] = (), unmatched: bool = False
) -> list[Path]:
    """Files in folders and below, sorted by name: jwst's result can depend on the order of members.

    Hidden folders, and below a folder those in which this program has made something, are passed over. A file that is
    reached twice is one, and so is a packed file beside its unpacked one.

    Parameters
    ----------
    places : path, or iterable of str or Path
        Folders, files, or patterns of them (``data/*/F770W``).
    step_ext : str
        Extension of the input files: ``*_<step_ext>.fits``, or ``.fits.gz``.
    exclude : iterable of str
        What to leave out: names, parts of names, or shell patterns (``*_nrca[1-4]_*``).
    unmatched : bool
        Whether entries of `exclude` that match no file are allowed.

    Raises
    ------
    InputError
        No such folder, no file in it that is meant, or entries of `exclude` that match none.
    """
    given = [Path(places)] if isinstance(places, (str, Path)) else [Path(place) for place in places]
    roots = [root for place in given for root in _roots(place)]
    every = [path for root in roots for path in _below(root)]
    meant = {path for path in every if _is_meant(path.name, step_ext)}
    found = _each_once(path for path in meant if path.suffix != PACKED or path.with_suffix("") not in meant)
    where = f"in_dir={', '.join(map(str, given))}"
    if not found:
        raise InputError(f"{where}: no file matches *_{step_ext}.fits{_hint(every, step_ext)}")
    kept = _without(found, list(exclude), unmatched)
    if not kept:
        raise InputError(f"{where}: no file matches *_{step_ext}.fits ({len(found)} left out by exclude)")
    return kept


def searched_folder(place: str | Path) -> Path:
    """The folder, absolute, or file that one entry of in_dir means; of a pattern the folder above all that fits it."""
    path = Path(place).absolute()
    return path if path.exists() else next((up for up in path.parents if not glob.has_magic(str(up))), path)


def _roots(place: Path) -> list[Path]:
    """The folders and files that one entry of in_dir means."""
    try:
        if place.exists():
            return [place]
    except OSError as error:  # a name that is too long
        raise InputError(f"in_dir={place}: cannot be read ({error.strerror})") from error
    if glob.has_magic(str(place)):
        if found := sorted(glob.glob(str(place), recursive=True)):  # noqa: PTH207 - absolute patterns too
            return [Path(path) for path in found]
        raise InputError(f"in_dir={place}: no file and no folder fits this pattern")
    raise InputError(f"in_dir={place}: no such folder")


def _below(root: Path) -> Iterator[Path]:
    """Every file in a folder and below, links followed; a file itself."""
    if root.is_file():
        yield root
        return
    seen = set()
    for folder, folders, files in os.walk(root, followlinks=True, onerror=partial(_cannot_be_read, root)):
        status = Path(folder).stat()
        identity = (status.st_dev, status.st_ino)
        is_made_by_us = RECORD_NAME in files and Path(folder) != root
        if identity in seen or is_made_by_us:  # a link back up would lead round for ever
            folders.clear()
            continue
        seen.add(identity)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder, name) for name in files)
        # A folder or a dangling link with the name of an exposure is said to be none, not passed over.
        yield from (Path(folder, name) for name in folders if name.endswith(".fits"))


def _cannot_be_read(root: Path, error: OSError) -> None:
    problem = f"in_dir={error.filename}: cannot be read ({error.strerror})"
    if Path(error.filename) == root:
        raise InputError(problem) from error
    log.warning("%s: passed over", problem)


def _is_meant(name: str, step_ext: str) -> bool:
    return unpacked_name(name).endswith(f"_{step_ext}.fits")


def _each_once(paths: Iterable[Path]) -> list[Path]:
    """The files by name; of several ways to one file under one name the first."""
    found: dict[tuple[object, ...], Path] = {}
    for path in sorted(paths, key=lambda path: (path.name, path)):
        found.setdefault((path.name, *_identity(path)), path)
    return list(found.values())


def _identity(path: Path) -> tuple[object, ...]:
    """What is the same for all links to one file."""
    try:
        status = path.stat()
    except OSError:  # a link to nowhere
        return (path,)
    return status.st_dev, status.st_ino


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


def _hint(files: list[Path], step_ext: str) -> str:
    """What there is instead of the files that are looked for."""
    packed = [path for path in files if path.suffix in _OTHERS_PACKED and _is_meant(path.stem, step_ext)]
    if packed:
        ends = ", ".join(sorted({path.suffix for path in packed}))
        return f"; {len(packed)} are packed ({ends}): unpack them, or pack them with gzip"
    names = (unpacked_name(path.name) for path in files)
    others = sorted({name.rpartition("_")[2] for name in names if name.endswith(".fits") and "_" in name})
    return f"; it holds files that end in {', '.join(others)}: is step_ext right?" if others else ""
