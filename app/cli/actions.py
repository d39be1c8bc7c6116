"""What ``action=...`` can be: one function each, given the configuration."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from app.config.schema import Lv3Config
from app.runtime.errors import InputError

if TYPE_CHECKING:
    from app.sweep.summary import Summary

__all__ = ["ACTIONS"]

log = logging.getLogger(__name__)


def run(config: Lv3Config) -> int:
    """Make the mosaic, in a process of its own."""
    from app.run.supervisor import supervise

    return supervise(config, sys.argv[1:]).status


def plan(config: Lv3Config) -> None:
    """Say what would be done; the exit status is that of a run that the preflight refuses."""
    from app.crds import set_environment
    from app.plan.checks import look_ahead
    from app.plan.plan import make_plan
    from app.plan.text import as_json, as_table, describe

    set_environment(config.crds)
    planned = make_plan(config)
    outlook = look_ahead(planned)
    description = describe(planned, outlook)
    sys.stdout.write(as_json(description) if config.plan_format == "json" else as_table(description))
    outlook.conclude(config.strict)


def catalogue(config: Lv3Config) -> None:
    """Save an online catalogue of the run's field into a file."""
    from app.cli.save_catalogue import save_catalogue
    from app.crds import set_environment

    set_environment(config.crds)
    save_catalogue(config)


def init(config: Lv3Config) -> None:
    """Say what in_dir holds, and write a survey file of it."""
    from app.cli.init import init as look_around

    look_around(config)


def compare(config: Lv3Config) -> None:
    """Compare two runs."""
    from app.cli.compare import compare as compare_runs

    compare_runs(config)


def explain(config: Lv3Config) -> None:
    """Explain a key or a config group; without one, name them all."""
    from app.cli.explain import explanation

    sys.stdout.write(explanation(config.key))


def selftest(config: Lv3Config) -> None:
    """Check this installation with a simulated observation."""
    from app.cli.selftest import selftest as check_installation

    check_installation(config)


def demo(config: Lv3Config) -> None:
    """Simulate a small observation in a new folder, and make its mosaic."""
    from app.cli.demo import demo as make_demo

    make_demo(config)


def summary(config: Lv3Config) -> None:
    """Make the summary of a sweep anew, from the records of its jobs, and say why some are not finished."""
    from app.sweep.totals import why_unfinished

    found = _summary(config)
    for said in why_unfinished(found.unfinished):
        log.warning("%s", said)
    found.tell_counts()


def failed(config: Lv3Config) -> None:
    """Print the overrides of every job of a sweep that is not finished, a job a line, ready to paste."""
    for row in _summary(config).unfinished:
        sys.stdout.write(f"jwst-lv3 {row['overrides']}\n")


def release(config: Lv3Config) -> None:
    """Make a folder that can be published, of a finished run or sweep."""
    from app.cli.release import release as publish

    publish(config)


def _summary(config: Lv3Config) -> "Summary":
    from app.sweep.summary import Summary, find_jobs

    root = Path(config.out_root).absolute()
    jobs = find_jobs(root)
    if not jobs:
        raise InputError(f"out_root={root}: no job of a sweep has left a record there")
    found = Summary(root, jobs)
    found.update()
    return found


ACTIONS: dict[str, Callable[[Lv3Config], int | None]] = {
    "help": explain,
    **{
        action.__name__: action
        for action in (run, plan, init, compare, catalogue, selftest, demo, summary, failed, release)
    },
}
