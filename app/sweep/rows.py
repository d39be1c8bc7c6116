"""One row of a sweep's summary: the state of one job, from its record, from SLURM, or from a missing heartbeat."""

import time
from collections.abc import Mapping
from datetime import datetime
from os.path import relpath
from pathlib import Path
from typing import Any

from app.observation.names import RECORD_NAME, REPORT_NAME, TILES_INDEX
from app.record.record import FINISHED, State, read_record, seconds_of
from app.runtime import errors
from app.runtime.errors import ExitCode
from app.runtime.lock import LEASE, LOCK_NAME
from app.runtime.logs import LOG_NAME
from app.sweep.lines import line
from app.sweep.measured import measured
from app.sweep.slurm import Ended

__all__ = ["FINAL", "REFUSED", "WAITING", "row"]

WAITING, REFUSED, DIED, OUT_OF_MEMORY, TIMED_OUT = "waiting", "refused", "died", "out_of_memory", "timed_out"

#: States that are final.
FINAL = frozenset({*FINISHED, State.FAILED, State.INTERRUPTED, REFUSED, OUT_OF_MEMORY, TIMED_OUT})

#: What SLURM calls the end of a job (sacct's manual, JOB STATE CODES), where it says more than the record.
_SLURM = {
    "OUT_OF_MEMORY": OUT_OF_MEMORY,
    "TIMEOUT": TIMED_OUT,
    "FAILED": str(State.FAILED),
    **dict.fromkeys(("BOOT_FAIL", "CANCELLED", "NODE_FAIL", "PREEMPTED"), DIED),
}

#: Exit statuses of what is finished and not as good as ``strict=true`` asks for.
_STRICT: dict[str, ExitCode] = {State.CAVEATS: ExitCode.CAVEATS, State.POOR: ExitCode.POOR}

_HINTS = {
    OUT_OF_MEMORY: "ask for more memory (hydra.launcher.mem_gb, sbatch --mem), or set a smaller procs, or mosaic=tiles",
    TIMED_OUT: "ask for more time (hydra.launcher.timeout_min, sbatch --time), or for more cores",
    DIED: "it was killed, or crashed, before it could report an error: the same command again finishes it",
    State.INTERRUPTED: "the same command again finishes it",
}


def row(known: Mapping[str, Any], root: Path, slurm: Mapping[str, Ended]) -> dict[str, Any]:
    """The state of a job.

    Parameters
    ----------
    known : mapping
        At least ``out_dir``, or where that is None ``job``, its name; and ``overrides``, ``state`` and ``message``, as
        the sweep knows them before any record.
    root : Path
        The sweep's folder; paths in the row are relative to it.
    slurm : mapping
        What SLURM said about jobs, by out_dir.

    Returns
    -------
    dict
        The row; what cannot be known is None.
    """
    out_dir = known["out_dir"]  # None for a job that is refused, and has none of its own
    folder = Path(out_dir or root)
    refused = known.get("state") == REFUSED
    record = {} if refused else read_record(folder) or {}
    error = record.get("error") or {}
    state = REFUSED if refused else _state(folder, record, error, slurm.get(str(folder)))
    products = [product["file"] for product in record.get("products", ())]
    is_in_tiles = TILES_INDEX[0] in products
    mosaic = "" if is_in_tiles else next((name for name in products if name.endswith("_i2d.fits")), "")
    return {
        "job": relpath(folder, root) if out_dir else known["job"],
        "out_dir": out_dir,
        "target": record.get("config", {}).get("target"),
        "band": record.get("config", {}).get("band"),
        "state": str(state),
        "exit_code": _exit_code(state, error, bool(record.get("config", {}).get("strict"))),
        "caveats": [caveat["code"] for caveat in record.get("caveats", ())],
        "minutes": _minutes(record),
        "peak_memory_gb": _peak_memory(record),
        "exposures": sum(entry["role"] == "science" for entry in record.get("inputs", ())) or None,
        **measured(record),
        "message": error.get("message") or (known.get("message") if not record else None),
        "hint": _hint(state, record),
        "overrides": known.get("overrides") or line(record.get("command") or ()),
        "mosaic": _path(folder / mosaic, root) if mosaic else None,
        "report": _path(folder / REPORT_NAME, root) if record else None,
        "log": _path(folder / LOG_NAME, root) if out_dir else None,
        "record": _path(folder / RECORD_NAME, root) if record else None,
    }


def _path(file: Path, root: Path) -> str | None:
    return relpath(file, root) if file.exists() else None


def _state(folder: Path, record: Mapping[str, Any], error: Mapping[str, str], slurm: Ended | None) -> str:
    state = record.get("state")
    if slurm and _began(record) > slurm.known_at:
        slurm = None
    if state in FINISHED:
        return str(state)
    if error.get("type") in ("MemoryExceededError", "MemoryError"):
        return OUT_OF_MEMORY
    if error.get("type") == "TimeLimitError":
        return TIMED_OUT
    if state == State.FAILED:
        return State.FAILED
    if _lives(folder, slurm.known_at if slurm else 0.0):
        return State.RUNNING
    told = _SLURM.get(slurm.state) if slurm else None
    if state == State.INTERRUPTED:
        return told if told == TIMED_OUT else State.INTERRUPTED
    return told or (DIED if record else WAITING)


def _began(record: Mapping[str, Any]) -> float:
    """When the last start of a run began [s since 1970]; 0 where that is not known."""
    starts = record.get("starts")
    return datetime.fromisoformat(starts[-1]["started"]).timestamp() if starts else 0.0


def _lives(folder: Path, ended: float) -> bool:
    """Whether a run has touched its lock lately, and since SLURM said that the job had ended [s]."""
    try:
        touched = (folder / LOCK_NAME).stat().st_mtime
    except OSError:
        return False
    now = time.time()  # dates far ahead of it are from before the clock was set back: who lives has touched since
    return abs(now - touched) < LEASE and not touched <= ended < now + LEASE


def _exit_code(state: str, error: Mapping[str, str], strict: bool) -> int | None:
    """The exit status that a scheduler would see."""
    if state in FINISHED:
        return _STRICT.get(state, ExitCode.SUCCESS) if strict else ExitCode.SUCCESS
    if state == REFUSED:
        return ExitCode.CONFIG
    if state == OUT_OF_MEMORY:
        return ExitCode.MEMORY
    if state in (State.INTERRUPTED, TIMED_OUT):
        return ExitCode.SIGINT if error.get("message") == "SIGINT" else ExitCode.SIGTERM
    if state == State.FAILED:
        return getattr(getattr(errors, error.get("type", ""), None), "exit_code", ExitCode.UNEXPECTED)
    return None


def _minutes(record: Mapping[str, Any]) -> float | None:
    seconds = seconds_of(record)
    return None if seconds is None else round(seconds / 60, 2)


def _peak_memory(record: Mapping[str, Any]) -> float | None:
    """Peak memory [GB] of the main process and of its largest worker together."""
    peak = record.get("peak_memory")
    return round(sum(peak.values()) / 1e9, 2) if peak else None


def _hint(state: str, record: Mapping[str, Any]) -> str | None:
    hint = _HINTS.get(state)
    if state == OUT_OF_MEMORY and (limit := (record.get("host") or {}).get("memory")):
        return f"it may use {limit / 1e9:.1f} GB: {hint}"
    return hint
