"""What SLURM says about jobs that could not say it themselves, as scripts/slurm_array.sh wrote it down."""

from pathlib import Path

from app.sweep.lines import out_dir_of

__all__ = ["STATES_NAME", "slurm_states"]

#: Table of the tasks of a job array: task, SLURM's state, exit code, elapsed time, memory, override line.
STATES_NAME = "sweep_states.tsv"


def slurm_states(root: Path) -> dict[str, str]:
    """SLURM's state of each job, by out_dir; empty where no array was run in `root`."""
    try:
        lines = (root / STATES_NAME).read_text(encoding="utf-8").splitlines()[1:]
    except OSError:
        return {}
    rows = [line.split("\t") for line in lines]
    return {str(out_dir_of(row[-1])): row[1] for row in rows if len(row) > 2}
