"""Versions of this program that were found to have a fault after they were published."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yaml import YAMLError, safe_load

from app.record.caveats import Caveat
from app.runtime.errors import ConfigError

__all__ = ["VARIABLE", "Fault", "faults_of"]

#: Names a file of the same form that is newer than this version's own.
VARIABLE = "LV3_FLAGGED_VERSIONS"
_OWN = Path(__file__).parent / "flagged_versions.yaml"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with some versions.

    Parameters
    ----------
    versions : tuple of str
    fault : str
        In a sentence.
    see : str
        Where more is said.
    """

    versions: tuple[str, ...]
    fault: str
    see: str

    def caveat(self, version: str) -> Caveat:
        """What a user should know of a run by one of the versions."""
        return Caveat("flagged_version", f"version {version} of jwst-lv3 has a fault: {self.fault}", f"See {self.see}.")


def faults_of(version: str) -> list[Fault]:
    """The known faults of a version, by this version's list and that of the environment.

    Raises
    ------
    ConfigError
        The list of the environment cannot be read, or is none.
    """
    named = os.environ.get(VARIABLE)
    files = [_OWN, Path(named)] if named else [_OWN]
    found = [fault for file in files for fault in _read(file) if version in fault.versions]
    return list(dict.fromkeys(found))


def _read(file: Path) -> Iterator[Fault]:
    try:
        entries = safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise ConfigError(f"{VARIABLE}={file}: cannot be read: {error}") from error
    for entry in entries if isinstance(entries, list) else [entries]:
        yield _fault(entry, file)


def _fault(entry: Any, file: Path) -> Fault:
    match entry:
        case {"versions": [*versions], "fault": str(fault), "see": str(see)}:
            return Fault(tuple(map(str, versions)), fault, see)
    raise ConfigError(f"{VARIABLE}={file}: {entry!r}: an entry has a list `versions`, and texts `fault` and `see`")
