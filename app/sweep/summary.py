"""The sweep's own record: sweep_summary.json and .csv, and sweep_report.html, made from the records of its jobs.

One process writes them: that of the sweep while it runs, later that of ``action=summary``. Each appears whole.
"""

import csv
import io
import json
import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.observation.names import RECORD_NAME
from app.record.record import FINISHED, State, read_record
from app.runtime.errors import in_one_line
from app.runtime.files import write_text
from app.runtime.progress import jobs_done, step_begins, step_ends
from app.runtime.words import listed
from app.sweep.page import PAGE_NAME, write_page
from app.sweep.rows import FINAL, REFUSED, WAITING, row
from app.sweep.slurm import slurm_states
from app.sweep.varied import varied

__all__ = ["SUMMARY_NAME", "Summary", "find_jobs", "key_of", "read_summary"]

log = logging.getLogger(__name__)

SUMMARY_NAME = "sweep_summary.json"
SCHEMA_VERSION = 1

#: Time between two checks of the jobs [s].
_INTERVAL = 2.0
_STEP = "jobs"


class Summary:
    """The summary of a sweep, kept current on disk.

    Parameters
    ----------
    root : Path
        The sweep's folder, out_root.
    jobs : iterable of mapping
        Each with ``out_dir``, or where that is None ``job``, its name; and as far as known ``overrides``, ``state``,
        ``message``. The first of a folder counts.
    """

    def __init__(self, root: Path, jobs: Iterable[Mapping[str, Any]]) -> None:
        self.root = root
        self._known: dict[str, Mapping[str, Any]] = {}
        for job in jobs:
            self._known.setdefault(key_of(job), job)
        self._changed: dict[str, int] = {}
        self._written: list[dict[str, Any]] = []
        self.rows: dict[str, dict[str, Any]] = {}

    @property
    def counts(self) -> dict[str, int]:
        """Number of jobs by state."""
        return dict(Counter(row["state"] for row in self.rows.values()))

    def update(self) -> None:
        """Look at the jobs that may have changed, and write the files if any has."""
        slurm = slurm_states(self.root)
        for key, known in self._known.items():
            changed = _changed(Path(known["out_dir"], RECORD_NAME)) if known["out_dir"] else 0
            if not (self._changed.get(key) == changed and self.rows[key]["state"] in FINAL):
                self.rows[key] = row(known, self.root, slurm)
                self._changed[key] = changed
        if list(self.rows.values()) != self._written:
            self.write()

    def write(self) -> None:
        """Write the three files."""
        self.root.mkdir(parents=True, exist_ok=True)
        rows = list(self.rows.values())
        written = datetime.now(UTC).isoformat(timespec="seconds")
        data = {"schema": SCHEMA_VERSION, "written": written, "counts": self.counts, "jobs": rows}
        write_text(self.root / SUMMARY_NAME, json.dumps(data, indent=1) + "\n")
        write_text((self.root / SUMMARY_NAME).with_suffix(".csv"), _csv(rows))
        write_page(data, self.root)
        self._written = rows

    def tell_counts(self) -> None:
        """Say in the log where the page is, and how many jobs are in which state."""
        log.info("%s: %s", self.root / PAGE_NAME, ", ".join(f"{n} {state}" for state, n in self.counts.items()))

    @property
    def unfinished(self) -> list[dict[str, Any]]:
        """The jobs that the same command would run."""
        return [row for row in self.rows.values() if row["state"] not in (*FINISHED, State.RUNNING)]

    @contextmanager
    def kept_current(self) -> Iterator[None]:
        """Context in which the files follow the jobs."""
        self.update()
        step_begins(_STEP)
        start, ended = time.monotonic(), threading.Event()
        thread = threading.Thread(target=self._follow, args=(ended,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            self.update()
            step_ends(_STEP, time.monotonic() - start)

    def _follow(self, ended: threading.Event) -> None:
        """Update until told to end, whatever goes wrong in between; each trouble is said once, until it is over."""
        said = None
        while not ended.wait(_INTERVAL):
            try:
                self.update()
                self._tell()
                said = None
            except Exception as error:
                if said != (said := in_one_line(error)):
                    log.exception("%s: the summary could not be made; the jobs go on, and it is tried again", self.root)

    def _tell(self) -> None:
        """Tell the terminal how far the jobs are."""
        running = [row for row in self.rows.values() if row["state"] == State.RUNNING]
        steps = [(row["job"], (read_record(Path(row["out_dir"])) or {}).get("step", "")) for row in running]
        ended = sum(row["state"] in FINAL for row in self.rows.values())
        jobs_done(ended, len(self.rows), listed(f"{job} {step}".strip() for job, step in steps) or "starting")


def read_summary(root: Path) -> list[dict[str, Any]]:
    """The jobs of an earlier summary in `root`; none where there is none."""
    try:
        data = json.loads((root / SUMMARY_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return data["jobs"] if data.get("schema") == SCHEMA_VERSION else []


def find_jobs(root: Path) -> list[dict[str, Any]]:
    """The jobs below `root`: those that an earlier summary knows, refused ones too, and all with a record."""
    known = {key_of(job): job for job in read_summary(root)}
    written = _changed(root / SUMMARY_NAME)
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if RECORD_NAME in files:
            job = known.setdefault(folder, {"out_dir": folder})
            if job.get("state") == REFUSED and _changed(Path(folder, RECORD_NAME)) > written:
                known[folder] = job | {"state": WAITING}  # it has been run alone since then
    return list(known.values())


def key_of(job: Mapping[str, Any]) -> str:
    """What identifies a job, or its row: its out_dir, or where it has none its name."""
    return str(job["out_dir"] or job["job"])


def _changed(path: Path) -> int:
    """Time of a file's last change [ns since 1970]; 0 where it is not there."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _csv(rows: list[dict[str, Any]]) -> str:
    """The rows, with a column for each key that the jobs vary."""
    text = io.StringIO()
    if rows:
        values = varied(row["overrides"] for row in rows)
        writer = csv.DictWriter(text, fieldnames=list(values[0] | rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(
            keys | row | {"caveats": " ".join(row["caveats"])} for keys, row in zip(values, rows, strict=True)
        )
    return text.getvalue()
