"""SLURM's states of jobs that could not report their own end: for scripts/slurm_array.sh, or to the launcher."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher

from app.runtime.errors import Lv3Error
from app.runtime.files import write_text
from app.runtime.patched import patched
from app.sweep.lines import out_dir_of

__all__ = ["STATES_NAME", "DeadJobError", "Ended", "deaths_returned", "note_states", "slurm_states"]

#: Table of the tasks of a job array: task, SLURM's state, exit code, elapsed time, memory, time limit, override line.
STATES_NAME = "sweep_states.tsv"
_HEADER = "task\tstate\texit_code\telapsed\tmemory\ttime_limit\toverrides\n"


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
    rows = [row for row in (line.split("\t") for line in lines) if len(row) > 2 and "out_dir=" in row[-1]]
    # "CANCELLED by 1000", and "CANCELLED+" where the column is narrow, are CANCELLED.
    return {str(out_dir_of(row[-1])): Ended(row[1].split(" ")[0].rstrip("+"), known_at) for row in rows}


def note_states(root: Path, states: Iterable[tuple[str, str]]) -> None:
    """Add SLURM's states of jobs, with their override lines, to the table; the last row of a job counts."""
    table = root / STATES_NAME
    earlier = table.read_text(encoding="utf-8") if table.exists() else _HEADER
    write_text(table, earlier + "".join(f"\t{state}\t\t\t\t\t{line}\n" for state, line in states))


class DeadJobError(Lv3Error):
    """A job of the cluster ended without an answer.

    Parameters
    ----------
    state : str
        What SLURM calls its end.
    message : str
    """

    def __init__(self, state: str, message: str) -> None:
        super().__init__(message)
        self.state = state


@contextmanager
def deaths_returned(launcher: Launcher) -> Iterator[None]:
    """Context in which submitit's launcher waits for all jobs; a job without an answer returns a `DeadJobError`.

    For other launchers it does nothing.

    Hydra's plugin asks the jobs for their results one by one, and would lose all others at the first one that SLURM
    killed.
    """
    if not type(launcher).__module__.startswith("hydra_plugins.hydra_submitit_launcher"):
        yield
        return
    import submitit
    from submitit.core.utils import FailedJobError, UncompletedJobError

    original = submitit.Job.results

    def results(job: Any) -> list[Any]:
        try:
            return original(job)
        except (FailedJobError, UncompletedJobError) as error:
            said = str(error).strip().splitlines()[0]
            died = DeadJobError(job.state.split(" ")[0], f"job {job.job_id} of the cluster: {job.state}: {said}")
            returned = JobReturn(status=JobStatus.FAILED)
            returned.return_value = died
            return [returned]

    with patched(submitit.Job, "results", results):
        yield
