"""The sweep's own record: sweep_summary.json and .csv, and sweep_report.html, made from the records of its jobs.

One process writes them: that of the sweep while it lives, later whoever runs ``action=summary``. Each appears whole.
"""

import csv
import io
import json
import logging
import os
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.observation.names import RECORD_NAME
from app.record.record import FINISHED, State
from app.runtime.files import write_text
from app.sweep.page import write_page
from app.sweep.rows import FINAL, REFUSED, WAITING, row
from app.sweep.slurm import slurm_states

__all__ = ["SUMMARY_NAME", "Summary", "find_jobs", "key_of", "read_summary"]

log = logging.getLogger(__name__)

SUMMARY_NAME = "sweep_summary.json"
SCHEMA_VERSION = 1

#: Time between two looks at the jobs [s].
_INTERVAL = 2.0


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
        self.rows: dict[str, dict[str, Any]] = {}

    @property
    def counts(self) -> dict[str, int]:
        """Number of jobs by state."""
        return dict(Counter(row["state"] for row in self.rows.values()))

    def update(self) -> None:
        """Look at the jobs that may have changed, and write the files if any has."""
        slurm = slurm_states(self.root)
        before = list(self.rows.values())
        for key, known in self._known.items():
            if self._may_differ(key):
                self.rows[key] = row(known, self.root, slurm)
        if list(self.rows.values()) != before:
            self.write()

    def _may_differ(self, key: str) -> bool:
        """Whether a job has to be looked at: its record is another one, or it was not at its end."""
        out_dir = self._known[key]["out_dir"]
        changed = _changed(Path(out_dir, RECORD_NAME)) if out_dir else 0
        same = self._changed.get(key) == changed
        self._changed[key] = changed
        return not (same and self.rows[key]["state"] in FINAL)

    def write(self) -> None:
        """Write the three files."""
        self.root.mkdir(parents=True, exist_ok=True)
        rows = list(self.rows.values())
        written = datetime.now(UTC).isoformat(timespec="seconds")
        data = {"schema": SCHEMA_VERSION, "written": written, "counts": self.counts, "jobs": rows}
        write_text(self.root / SUMMARY_NAME, json.dumps(data, indent=1) + "\n")
        write_text((self.root / SUMMARY_NAME).with_suffix(".csv"), _csv(rows))
        write_page(data, self.root)

    @property
    def unfinished(self) -> list[dict[str, Any]]:
        """The jobs that the same command would run."""
        return [row for row in self.rows.values() if row["state"] not in (*FINISHED, State.RUNNING)]

    @contextmanager
    def kept_current(self) -> Iterator[None]:
        """Context in which the files follow the jobs."""
        self.update()
        ended = threading.Event()
        thread = threading.Thread(target=self._follow, args=(ended,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            self.update()

    def _follow(self, ended: threading.Event) -> None:
        while not ended.wait(_INTERVAL):
            try:
                self.update()
            except OSError:
                log.exception("%s: the summary could not be written", self.root)


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
                known[folder] = job | {"state": WAITING}  # it was run since, alone
    return list(known.values())


def key_of(job: Mapping[str, Any]) -> str:
    """What tells a job, or its row, from others: its out_dir, or where it has none its name."""
    return str(job["out_dir"] or job["job"])


def _changed(path: Path) -> int:
    """Time of a file's last change [ns since 1970]; 0 where it is not there."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(row | {"caveats": " ".join(row["caveats"])} for row in rows)
    return text.getvalue()
