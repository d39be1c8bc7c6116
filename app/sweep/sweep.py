"""A sweep, in the order of its work: all jobs are checked before the first starts, and summed up at the end."""

import argparse
import logging
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from app.observation.names import RECORD_NAME
from app.record.record import FINISHED, State
from app.runtime.errors import ConfigError, JobsError
from app.runtime.notify import check_source
from app.runtime.resources import usable_cores
from app.sweep.cluster import check_cluster, job_versions, use_image, uses_image
from app.sweep.jobs import Job, Todo, look_at
from app.sweep.launch import launch, launcher_name
from app.sweep.lines import line, write_lines
from app.sweep.points import Composer
from app.sweep.rows import REFUSED, WAITING
from app.sweep.summary import Summary, find_jobs, key_of
from app.sweep.totals import problem_table, totals, why_unfinished

__all__ = ["sweep"]

log = logging.getLogger(__name__)

#: What is said of a job that runs when all jobs of the sweep have returned.
_OF_ANOTHER = "another run is at work in its folder"
#: What no sweep does for each of its jobs, and how it is asked for.
_ALONE = {
    "catalogue": "saves the catalogue of one field: give it for one target and band",
    "release": "takes all runs below out_root together: give out_root",
}


def sweep(arguments: argparse.Namespace) -> None:
    """Run, or plan, every combination that ``jwst-lv3 -m ...`` asks for.

    Parameters
    ----------
    arguments : argparse.Namespace
        The command line, parsed by Hydra's own parser.

    Raises
    ------
    ConfigError
        Jobs are refused, or cannot be started; none was.
    JobsError
        Jobs failed, or were refused with `keep_going`.
    """
    composer = Composer(arguments)
    common, launcher = composer.common, launcher_name(composer.master)
    if why := _ALONE.get(common["action"]):
        raise ConfigError(f"action={common['action']}: {why}, without -m")
    check_cluster(launcher)
    check_source(common["notify"])
    jobs = look_at(composer, usable_cores(), job_versions(launcher, common["sif"]))
    sys.stdout.write(f"{totals(jobs)}\n")
    problems = problem_table(jobs)
    if problems and not common["keep_going"]:
        raise ConfigError([*problems, "nothing is started; keep_going=true goes on with the valid jobs"])
    for problem in problems:
        log.warning("refused: %s", problem)
    root = Path(common["out_root"]).absolute()
    earlier = [job for job in find_jobs(root) if job["out_dir"] and Path(job["out_dir"], RECORD_NAME).exists()]
    summary = Summary(root, [*_known(jobs, composer.flags), *earlier])
    todo = [job for job in jobs if job.todo in (Todo.RUN, Todo.AGAIN)]
    if common["action"] == "plan":
        summary.update()
        path = write_lines(root, (line([*composer.flags, *job.overrides]) for job in todo))
        sys.stdout.write(f"overrides      {path}, one job per line\n")
        return
    with summary.kept_current():
        _run(composer, todo, root)
    _conclude(summary, jobs)


def _known(jobs: Sequence[Job], flags: Sequence[str]) -> Iterator[dict[str, Any]]:
    """What the summary knows of each job before it has a record."""
    for job in jobs:
        yield {
            "out_dir": None if job.folder == Path() else str(job.folder),
            "job": job.name,
            "overrides": line([*flags, *job.overrides]),
            "state": REFUSED if job.todo is Todo.REFUSED else WAITING,
            "message": "; ".join(job.problems),
        }


def _run(composer: Composer, jobs: Sequence[Job], root: Path) -> None:
    """Run jobs until they are done, or one has failed and `fail_fast` is set."""
    common = composer.common
    for job in jobs:
        if job.changes:
            log.info("%s: is made again: %s", job.folder, "; ".join(job.changes))
    if not jobs:
        return
    if uses_image(launcher_name(composer.master)):
        root.mkdir(parents=True, exist_ok=True)
        written = [root, *(path for job in jobs for path in job.writes)]
        read = [path for job in jobs for path in job.reads] + ([composer.config_dir] if composer.config_dir else [])
        use_image(composer.master, common["sif"], written, read)
    for batch in filter(None, _in_turn(jobs)):
        for statuses in launch(composer, batch, common["procs"], common["fail_fast"]):
            if common["fail_fast"] and any(statuses):
                log.error("fail_fast=true: a job has failed, no further ones are started")
                return


def _in_turn(jobs: Sequence[Job]) -> tuple[list[Job], list[Job]]:
    """Jobs whose alignment others follow, and the others: they start when those are done."""
    followed = {job.follows for job in jobs}
    return [job for job in jobs if job.folder in followed], [job for job in jobs if job.folder not in followed]


def _conclude(summary: Summary, jobs: Sequence[Job]) -> None:
    """Say how it ended; jobs of earlier sweeps are in the summary, but do not count here."""
    summary.tell_counts()
    own = {job.key for job in jobs}
    rows = [row for row in summary.rows.values() if key_of(row) in own and row["state"] not in FINISHED]
    unfinished = [row | {"message": _OF_ANOTHER} if row["state"] == State.RUNNING else row for row in rows]
    if unfinished:
        again = f"jwst-lv3 action=failed out_root={summary.root} prints what runs them again"
        raise JobsError([*why_unfinished(unfinished), again])
