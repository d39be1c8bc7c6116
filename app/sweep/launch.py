"""Hand jobs to one of Hydra's launchers: one after the other, several at once, or on a cluster."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig, OmegaConf

from app.config.composition import INSTALL
from app.config.hydra_internals import make_launcher, result
from app.runtime.errors import ConfigError, ExitCode
from app.runtime.resources import usable_cores
from app.sweep.jobs import Job
from app.sweep.points import Composer
from app.sweep.slurm import DeadJobError, deaths_returned, note_states
from app.sweep.supervised import task

__all__ = ["launch", "launcher_name", "share_cores"]

log = logging.getLogger(__name__)


def launcher_name(master: DictConfig) -> str:
    """``basic``, ``joblib``, ``submitit_slurm`` ...: the option of ``hydra/launcher``."""
    return str(master.hydra.runtime.choices["hydra/launcher"])


def share_cores(master: DictConfig, procs: int | None) -> int | None:
    """Number of processes for each job, so that joblib's jobs together use each core once; None: each job decides.

    Parameters
    ----------
    master : DictConfig
        `n_jobs` of its launcher is set where it is left open.
    procs : int, optional
        As the user gave it; together with `n_jobs` it is taken as it is, however few cores there are.
    """
    if launcher_name(master) != "joblib":
        return procs
    cores, n_jobs = usable_cores(), int(master.hydra.launcher.n_jobs)
    if n_jobs < 1:
        n_jobs = max(1, cores // (procs or 1))
        master.hydra.launcher.n_jobs = n_jobs
    if procs and n_jobs * procs > cores:
        log.warning("n_jobs=%d jobs of procs=%d processes each share %d cores", n_jobs, procs, cores)
    return procs or max(1, cores // n_jobs)


def launch(composer: Composer, jobs: Sequence[Job], procs: int | None, few: bool) -> Iterator[list[int]]:
    """Run jobs, by the launcher that ``hydra/launcher`` names.

    Parameters
    ----------
    composer : Composer
    jobs : sequence of Job
    procs : int, optional
        Number of processes for each job.
    few : bool
        Start no more jobs at a time than can run at once.

    Yields
    ------
    list of int
        Exit status of the jobs that were started together.
    """
    procs = share_cores(composer.master, procs)
    own = () if procs is None else (f"procs={procs}",)
    try:
        launcher = make_launcher(composer.loader, task, composer.master)
    except (ImportError, RuntimeError) as error:
        raise ConfigError(
            f"hydra/launcher={launcher_name(composer.master)}: cannot be used ({error}): {INSTALL}"
        ) from error
    root = Path(composer.common["out_root"])
    n = _together(composer.master) if few else len(jobs)
    for start in range(0, len(jobs), n):
        batch = jobs[start : start + n]
        with deaths_returned(launcher):
            returned = launcher.launch([[*job.overrides, *own] for job in batch], start)
        yield [_status(root, *pair) for pair in zip(batch, returned, strict=True)]


def _status(root: Path, job: Job, returned: JobReturn) -> int:
    if returned.status is JobStatus.COMPLETED:
        return int(result(returned))
    error = result(returned)
    log.error("%s: %s", job.folder, error)
    if isinstance(error, DeadJobError):
        note_states(root, [(error.state, job.line)])
    return ExitCode.UNEXPECTED


def _together(master: DictConfig) -> int:
    """How many jobs the launcher runs at a time."""
    settings: Any = OmegaConf.to_container(master.hydra.launcher)
    return max(1, int(settings.get("n_jobs") or settings.get("array_parallelism") or 1))
