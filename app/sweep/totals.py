"""What a sweep will cost in all, as text."""

from collections import Counter
from collections.abc import Sequence

from app.sweep.jobs import Job, Todo

__all__ = ["problem_table", "totals"]

#: Names of jobs that are listed with a problem they share.
_LISTED = 5


def totals(jobs: Sequence[Job]) -> str:
    """Numbers of jobs by what is to be done, and what those to be run will cost.

    Parameters
    ----------
    jobs : sequence of Job
    """
    counts = Counter(job.todo for job in jobs)
    costs = [job.cost for job in jobs if job.todo in (Todo.RUN, Todo.AGAIN) and job.cost]
    lines = [f"{len(jobs)} jobs: " + ", ".join(f"{n} {todo}" for todo, n in counts.items())]
    if costs:
        lines += [
            f"exposures      {sum(c.n_exposures for c in costs)}",
            f"core hours     {sum(c.hours for c in costs):.1f} (rough)",
            f"memory         up to {max(c.memory for c in costs) / 1e9:.1f} GB for one job",
            f"disk           {sum(c.disk for c in costs) / 1e9:.1f} GB",
        ]
    return "\n".join(lines)


def problem_table(jobs: Sequence[Job]) -> list[str]:
    """The problems of all refused jobs, each once, after the names of the jobs that have it."""
    having: dict[str, list[str]] = {}
    for job in jobs:
        for problem in job.problems:
            having.setdefault(problem, []).append(job.name)
    return [f"{_some(names)}: {problem}" for problem, names in having.items()]


def _some(names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    return f"{len(names)} jobs ({'; '.join(names[:_LISTED])}{'; ...' if len(names) > _LISTED else ''})"
