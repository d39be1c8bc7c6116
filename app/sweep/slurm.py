"""What SLURM says about jobs that could not say it themselves, as scripts/slurm_array.sh wrote it down."""

from dataclasses import dataclass
from pathlib import Path

from app.sweep.lines import out_dir_of

__all__ = ["STATES_NAME", "Ended", "slurm_states"]

#: Table of the tasks of a job array: task, SLURM's state, exit code, elapsed time, memory, time limit, override line.
STATES_NAME = "sweep_states.tsv"


@dataclass(frozen=True, slots=True)
class Ended:
    """SLURM's state of a job that has ended, and when that was known [s since 1970]."""

    state: str
    known_at: float


def slurm_states(root: Path) -> dict[str, Ended]:
    """What SLURM said about each job, by out_dir; empty where no array was run in `root`."""
    table = root / STATES_NAME
    try:
        known_at, lines = table.stat().st_mtime, table.read_text(encoding="utf-8").splitlines()[1:]
    except OSError:
        return {}
    rows = [line.split("\t") for line in lines]
    # "CANCELLED by 1000", and "CANCELLED+" where the column is narrow, are CANCELLED.
    return {str(out_dir_of(row[-1])): Ended(row[1].split(" ")[0].rstrip("+"), known_at) for row in rows if len(row) > 2}
