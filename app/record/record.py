"""The run's own record, lv3_run.json: configuration, inputs, steps, products.

It is written when the run starts, after every step, and at the end whatever happens.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.config.paths import with_resolved_paths
from app.config.schema import Lv3Config
from app.observation.names import RECORD_NAME
from app.record.caveats import OLD_CODES, Caveat
from app.record.entries import content_entry, input_entry, product_entry
from app.record.provenance import host, image, peak_memory, versions
from app.runtime.files import write_text
from app.runtime.progress import step_begins, step_ends

if TYPE_CHECKING:
    from app.observation.members import Member

__all__ = ["FINISHED", "Record", "State", "plain", "read_record", "seconds_of"]

log = logging.getLogger(__name__)

SCHEMA_VERSION = 1
#: What a record says from its first writing on; a file that lacks any of it is none of ours.
_ALWAYS = {"state", "started", "config", "inputs", "products", "caveats", "error", "host"}


class State(StrEnum):
    """State of a run."""

    RUNNING = "running"
    SUCCESS = "success"
    CAVEATS = "success_with_caveats"
    POOR = "poor"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


#: States of a run that finished, with a good result or not.
FINISHED = (State.SUCCESS, State.CAVEATS, State.POOR)


class Record:
    """The record of one run, kept current on disk.

    Parameters
    ----------
    folder : Path
        The run's out_dir.
    config : Lv3Config
    data : dict, optional
        Content of an earlier record that this run continues.
    check : callable, optional
        Called before every writing; raises where `folder` no longer belongs to this run.
    begins : bool
        A start of the run begins; else only the end of one is written.
    """

    def __init__(
        self,
        folder: Path,
        config: Lv3Config,
        data: dict[str, Any] | None = None,
        check: Callable[[], None] = lambda: None,
        begins: bool = True,
    ) -> None:
        self._check = check
        self.path = folder / RECORD_NAME
        self._procs = config.n_procs
        self._began = time.monotonic() - (data or {}).get("duration", 0.0)
        self.data: dict[str, Any] = {
            "schema": SCHEMA_VERSION,
            "state": State.RUNNING,
            "started": _now(),
            "finished": None,
            "config": plain(with_resolved_paths(config)),
            "inputs": [],
            "groups": {},
            "products": [],
            "caveats": [],
            "error": None,
            "times": {},
            "starts": [],
            "versions": versions(),  # of what made the mosaic; products that are made later say theirs in their headers
            "image": image(),
            **(data or {}),
        }
        self.data |= {"state": State.RUNNING, "error": None, "finished": None, "command": sys.argv[1:]}
        self.data.pop("kept", None)
        here = host()
        starts = self.data.setdefault("starts", [])
        if begins or not starts:
            starts.append({"started": _now(), "ended": _now(), "host": here["name"], "job": here["job"]})
        self._earlier_peak = self.data.get("peak_memory", {})
        self.data |= {"host": here, "peak_memory": self._peak()}

    def _peak(self) -> dict[str, int]:
        """Most memory in this start, or an earlier one."""
        return {name: max(value, self._earlier_peak.get(name, 0)) for name, value in peak_memory().items()}

    def write(self) -> None:
        """Write the record, whole or not at all; a full disk alone must not end a run."""
        try:
            self._write()
        except OSError as error:
            log.error("%s: the record could not be written (%s)", self.path, error.strerror)  # noqa: TRY400

    def _write(self) -> None:
        self._check()
        self.data["starts"][-1]["ended"] = _now()
        self.data["duration"] = round(time.monotonic() - self._began, 3)  # dates would be wrong where a clock is set
        write_text(self.path, json.dumps(self.data, indent=2, default=str, allow_nan=False) + "\n")

    def add(self, **facts: Any) -> None:
        """Add facts and write the record."""
        self.data |= plain(facts)
        self.write()

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Measure the wall time [s] of a step, in all starts; the record is written when it begins and when it ends.

        ``step`` in the record is the step that runs; after a failure, the one that failed.
        """
        before = {key: self.data[key] for key in ("step",) if key in self.data}
        self.add(step=step)
        step_begins(step)
        start = time.monotonic()
        try:
            yield
            self.data.pop("step")
            self.data |= before
        finally:
            seconds = time.monotonic() - start
            step_ends(step, seconds)
            self.data["times"][step] = round(self.data["times"].get(step, 0) + seconds, 3)
            self.write()

    def add_inputs(self, members: Iterable[Member], read: Iterable[Path] = ()) -> None:
        """Add the input files, with role and checksum, and the other files that are read, with theirs."""
        self.add(inputs=self._checked(input_entry, members), read=self._checked(content_entry, read))

    def add_products(self, files: Iterable[Path]) -> None:
        """Add files that are, or are going to be, in out_dir, with checksums; ``overwrite`` removes only these."""
        self.add_entries(self._checked(product_entry, sorted(set(files), key=lambda path: path.name)))

    def add_entries(self, entries: Iterable[dict[str, Any]]) -> None:
        """Add what `product_entry` says of files."""
        new = {entry["file"]: entry for entry in entries}
        kept = [product for product in self.data["products"] if product["file"] not in new]
        self.add(products=[*kept, *new.values()])

    def _checked(self, entry: Callable[[Any], dict[str, Any]], files: Iterable[Any]) -> list[dict[str, Any]]:
        """Entries with checksums, by several threads; a single file needs none: without memory, starting one hangs."""
        files = list(files)
        if len(files) < 2:
            return list(map(entry, files))
        with ThreadPoolExecutor(self._procs) as pool:
            return list(pool.map(entry, files))

    def add_caveats(self, caveats: Iterable[Caveat]) -> None:
        """Add caveats, each once."""
        self._add_caveats(map(asdict, caveats))

    def _add_caveats(self, entries: Iterable[dict[str, Any]]) -> None:
        known = self.data["caveats"]
        self.add(caveats=known + [entry for entry in entries if entry not in known])

    def warn(self, code: str, message: str, hint: str) -> None:
        """Add a caveat, with the step that gives it."""
        step = {"step": self.data["step"]} if "step" in self.data else {}
        self._add_caveats([asdict(Caveat(code, message, hint)) | step])

    def end(self, state: State, error: BaseException | None = None) -> dict[str, Any]:
        """What the record would say of an end of the run, now."""
        said = None if error is None else {"type": type(error).__name__, "message": str(error)}
        return {"state": state, "finished": _now(), "error": said, "peak_memory": self._peak()}

    def finish(self, state: State, error: BaseException | None = None) -> None:
        """Write the record for the last time.

        Raises
        ------
        OSError
            It could not be written; for a run that ended well, which without this word counts as cut off.
        """
        self.data |= plain(self.end(state, error))
        if state in FINISHED:
            self.data.pop("step", None)  # where an earlier run was cut off
            self._write()
        else:
            self.write()

    def interrupt(self, error: BaseException | None = None) -> None:
        """Write the record where a signal ends the run: as interrupted, or with the end that it came to just before."""
        if self.data["state"] == State.RUNNING:
            self.finish(State.INTERRUPTED, error)
        else:
            self.write()


def read_record(folder: Path) -> dict[str, Any] | None:
    """The record of an earlier run in `folder`, or None; a file that is not such a record is ignored."""
    try:
        data = json.loads((folder / RECORD_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA_VERSION or not data.keys() >= _ALWAYS:
        return None
    for caveat in data["caveats"]:
        caveat["code"] = OLD_CODES.get(caveat["code"], caveat["code"])
    return data


def seconds_of(record: Mapping[str, Any]) -> float | None:
    """How long a run has been at work [s], in all of its starts; None where it is not at its end, or did not say it."""
    return record.get("duration") if record.get("finished") else None


def plain(value: Any) -> Any:
    """A value as JSON would give it back: comparable with what was read; NaN, which JSON lacks, becomes a text."""
    return json.loads(json.dumps(value, default=str), parse_constant=str)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
