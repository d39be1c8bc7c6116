"""The run's own record, lv3_run.json: what was asked, what went in, what was done, what came out.

It is written when the run starts, after every step, and at the end whatever happens.
"""

import json
import os
import platform
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from app.caveats import Caveat
from app.config import Lv3Config
from app.files import sha256, write_text
from app.roles import Member

__all__ = ["RECORD_NAME", "Record", "State", "config_differences", "input_differences", "read_record"]

RECORD_NAME = "lv3_run.json"
SCHEMA_VERSION = 1

# Packages whose version can change a pixel.
_PACKAGES = (
    *("jwst", "stcal", "stdatamodels", "stpipe", "crds", "drizzle", "tweakwcs", "gwcs", "asdf"),
    *("astropy", "numpy", "scipy", "photutils", "scikit-image"),
)

# Config keys that say how, or where, but not what: they may differ between a run and its continuation.
HOW = {"action", "procs", "out_dir", "work_dir", "overwrite", "memory", "crds"}
LATER = {"do_drizzle", "do_blot", "blot_fillval", "drizzle_footprint_only"}


class State(StrEnum):
    """How far a run came."""

    RUNNING = "running"
    SUCCESS = "success"
    CAVEATS = "success_with_caveats"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class Record:
    """The record of one run, kept current on disk.

    Parameters
    ----------
    folder : Path
        The run's out_dir.
    config : Lv3Config
    data : dict, optional
        Content of an earlier record that this run continues.
    """

    def __init__(self, folder: Path, config: Lv3Config, data: dict[str, Any] | None = None) -> None:
        self.path = folder / RECORD_NAME
        self.data: dict[str, Any] = data or {
            "schema": SCHEMA_VERSION,
            "state": State.RUNNING,
            "started": _now(),
            "finished": None,
            "config": _plain(asdict(config)),
            "inputs": [],
            "groups": {},
            "products": [],
            "caveats": [],
            "error": None,
            "times": {},
        }
        self.data |= {"state": State.RUNNING, "error": None, "versions": _versions(), "host": _host()}

    def write(self) -> None:
        """Write the record, whole or not at all."""
        write_text(self.path, json.dumps(self.data, indent=2, default=str) + "\n")

    def add(self, **facts: Any) -> None:
        """Add facts and write the record."""
        self.data |= _plain(facts)
        self.write()

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Measure the wall time [s] of a step; the record is written when it starts and when it ends."""
        self.add(step=step)
        start = time.monotonic()
        try:
            yield
        finally:
            self.data["times"][step] = round(time.monotonic() - start, 3)
            self.write()

    def add_inputs(self, members: Iterable[Member]) -> None:
        """Add the input files, with role and checksum."""
        self.add(inputs=[_input(member) for member in members])

    def add_products(self, files: Iterable[Path]) -> None:
        """Add files of this run in out_dir, with checksums; the only files that ``overwrite`` ever removes."""
        names = {p.name for p in files}
        kept = [product for product in self.data["products"] if product["file"] not in names]
        new = [
            {"file": n, "size": (p := self.path.parent / n).stat().st_size, "sha256": sha256(p)} for n in sorted(names)
        ]
        self.add(products=kept + new)

    def add_caveats(self, caveats: Iterable[Caveat]) -> None:
        """Add caveats, each once."""
        known = self.data["caveats"]
        self.add(caveats=known + [entry for caveat in caveats if (entry := asdict(caveat)) not in known])

    def finish(self, state: State, error: BaseException | None = None) -> None:
        """Write the record for the last time."""
        self.data.pop("step", None) if error is None else None
        said = None if error is None else {"type": type(error).__name__, "message": str(error)}
        self.add(state=state, finished=_now(), error=said)


def read_record(folder: Path) -> dict[str, Any] | None:
    """The record of an earlier run in `folder`, or None; what is no record of ours counts as none."""
    try:
        data = json.loads((folder / RECORD_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) and data.get("schema") == SCHEMA_VERSION else None


def config_differences(record: dict[str, Any], config: Lv3Config) -> list[str]:
    """Keys in which a configuration asks for another result than the one recorded."""
    old, new = record["config"], _plain(asdict(config))
    keys = [k for k in new if k not in HOW | LATER and old.get(k) != new[k]]
    keys += ["crds"] if old["crds"]["context"] != new["crds"]["context"] else []
    return [f"{key}: was {old.get(key)!r}, is {new[key]!r}" for key in keys]


def input_differences(record: dict[str, Any], members: Iterable[Member]) -> list[str]:
    """Input files that came, went or changed since the record was written."""
    old = {Path(entry["file"]).name: entry for entry in record["inputs"]}
    new = {member.exposure.name: member for member in members}
    found = [f"{name}: is new" for name in sorted(new.keys() - old.keys())]
    found += [f"{name}: is gone" for name in sorted(old.keys() - new.keys())]
    found += [f"{name}: has changed" for name in sorted(old.keys() & new.keys()) if _changed(old[name], new[name])]
    return found


def _changed(entry: dict[str, Any], member: Member) -> bool:
    """Whether a file differs from its entry; read only where size and time of change leave a doubt."""
    status = member.exposure.path.stat()
    if status.st_size != entry["size"] or entry["role"] != member.role:
        return True
    return status.st_mtime_ns != entry["mtime_ns"] and sha256(member.exposure.path) != entry["sha256"]


def _input(member: Member) -> dict[str, Any]:
    path = member.exposure.path
    status = path.stat()
    return {
        "file": str(path),
        "role": str(member.role),
        "reason": member.reason,
        "size": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "sha256": sha256(path),
    }


def _versions() -> dict[str, str]:
    found = {"jwst-lv3": own_version(), "python": platform.python_version()}
    return found | {name: version(name) for name in _PACKAGES}


def own_version() -> str:
    """Version of this program."""
    try:
        return version("jwst-lv3")
    except PackageNotFoundError:
        return "unknown"


def _host() -> dict[str, Any]:
    return {"name": platform.node(), "system": platform.platform(), "pid": os.getpid()}


def _plain(value: Any) -> Any:
    """The value as JSON would give it back: comparable with what was read."""
    return json.loads(json.dumps(value, default=str))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
