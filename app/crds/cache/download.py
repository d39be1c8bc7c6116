"""Downloads from the CRDS server: tried again after a pause, compared with the server's sums, removed when wrong."""

import hashlib
import logging
import os
import socket
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from app.runtime.errors import CrdsError
from app.runtime.progress import part_done, step_begins, step_ends

__all__ = ["PAUSES", "fetch", "fetch_mappings", "patiently"]

log = logging.getLogger(__name__)

PAUSES = (1.0, 4.0, 16.0)  # [s] before the second, third and fourth try
_STALL = 60.0  # [s] without data: the crds client itself would wait for ever
_STEP = "download from CRDS"
_MAX_FAILURES = 5  # in one try; after that the cause is not the files

Result = TypeVar("Result")


def patiently(action: Callable[[], Result], what: str) -> Result:
    """Call `action`; on failure again after each pause. What is left of the failure becomes a `CrdsError`."""
    for pause in PAUSES:
        try:
            return action()
        except Exception as error:  # noqa: BLE001 - network, server and crds errors are of many kinds
            log.warning("%s failed; next try in %g s: %s", what, pause, error)
            time.sleep(pause)
    try:
        return action()
    except Exception as error:
        raise CrdsError(f"{what} failed {len(PAUSES) + 1} times: {error}") from error


def fetch_mappings(context: str) -> list[str]:
    """Download the rules of a context, as far as the cache lacks them or has them spoiled; returns their names."""
    from crds.client import api

    names = patiently(lambda: api.get_mapping_names(context), f"Asking the CRDS server for the rules of {context}")
    fetch(context, names)
    return names


def fetch(context: str, names: Collection[str]) -> None:
    """Download the files that are missing or damaged in the cache.

    Parameters
    ----------
    context : str
        The context that names the files.
    names : collection of str
        Base names of mappings or references.

    Raises
    ------
    CrdsError
        If files cannot be had whole: unknown to the server, cut short, or with another sum than the server's. None of
        them stays in the cache; those that are whole do, so that another call goes on from there.
    """
    from crds.client import api

    sums = patiently(api.get_download_metadata, "Asking the CRDS server for its checksums")
    if unknown := sorted(set(names) - sums.keys()):
        raise CrdsError(f"The CRDS server does not know these files of {context}: {', '.join(unknown)}")
    with _stalls_end():
        patiently(lambda: _fetch_all(context, names, sums), "Download from the CRDS server")


def _fetch_all(context: str, names: Collection[str], sums: Mapping[str, Mapping[str, str]]) -> None:
    missing = [name for name in names if not _is_whole(_place(name), sums[name]["sha1sum"])]
    if not missing:
        return
    with _told(missing, sums):
        problems = []
        for number, name in enumerate(missing):
            part_done(number, len(missing))
            try:
                _fetch_one(context, name, sums[name]["sha1sum"])
            except Exception as error:  # noqa: BLE001 - as above
                problems.append(f"{name}: {error}")
            if len(problems) >= _MAX_FAILURES:
                break
        if problems:
            raise CrdsError(problems)


@contextmanager
def _told(names: Collection[str], sums: Mapping[str, Mapping[str, str]]) -> Iterator[None]:
    """Context of a download, which is said to the user, with its size."""
    size = sum(int(sums[name].get("size") or 0) for name in names)
    log.info("downloading %d CRDS files, %.1f MB, into %s", len(names), size / 1e6, os.environ["CRDS_PATH"])
    start = time.monotonic()
    step_begins(_STEP)
    try:
        yield
    finally:
        step_ends(_STEP, time.monotonic() - start)


def _place(name: str) -> Path:
    from crds import locate_file

    return Path(locate_file(name, "jwst"))


def _is_whole(path: Path, wanted: str) -> bool:
    return path.exists() and _sha1(path) == wanted


def _fetch_one(context: str, name: str, wanted: str) -> None:
    from crds.client import api

    path = _place(name)
    path.unlink(missing_ok=True)
    try:
        api.dump_files(context, [name])
    except BaseException:
        # The client gives a file its final name before it compares its checksum with the server's.
        if not _is_whole(path, wanted):
            path.unlink(missing_ok=True)
        raise


def _sha1(path: Path) -> str:
    return hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest()


@contextmanager
def _stalls_end() -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_STALL)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
