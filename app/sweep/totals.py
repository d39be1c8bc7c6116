"""What a sweep will cost in all, as text."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.runtime.words import listed
from app.sweep.jobs import Job, Todo

__all__ = ["each_once", "problem_table", "totals", "why_unfinished"]

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
    """The problems of all refused jobs, each once, after the jobs that have it."""
    return each_once((job.name, problem) for job in jobs for problem in job.problems)


def why_unfinished(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """What the rows of jobs that are not finished say of it, each once, after the jobs that have it."""
    return each_once((row["job"], f"{row['state']}: {row['message'] or row['hint'] or ''}") for row in rows)


def each_once(said: Iterable[tuple[str, str]]) -> list[str]:
    """What is said of jobs, alike but for the values that tell the jobs apart, once, with their number and the first.

    Parameters
    ----------
    said : iterable of tuple
        Name of a job (``target=ngc0628 band=F770W``, or ``ngc0628/F770W``) and a sentence about it.
    """
    having: dict[str, list[tuple[str, str]]] = {}
    for name, sentence in said:
        having.setdefault(_without_values(name, sentence), []).append((name, sentence))
    return [f"{_some([name for name, _ in alike])}: {alike[0][1]}" for alike in having.values()]


def _without_values(name: str, sentence: str) -> str:
    """A sentence about a job with a mark in the place of the job's own values."""
    parts = [part.rpartition("=")[2].strip("'\"") for part in re.split(r"[/\s]+", name)]
    if not (values := [part for part in parts if len(part) > 1]):
        return sentence
    own = "|".join(re.escape(value) for value in sorted(values, key=len, reverse=True))
    return re.sub(rf"(?<![A-Za-z0-9])({own})(?![A-Za-z0-9])", "\N{HORIZONTAL ELLIPSIS}", sentence, flags=re.IGNORECASE)


def _some(names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    return f"{len(names)} jobs ({listed(names, _LISTED, '; ')})"
