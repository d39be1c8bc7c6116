"""One job of a sweep in a process of its own: however it ends, the sweep goes on and the record says how."""

import logging
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from app.config.composition import to_config
from app.config.schema import Lv3Config
from app.record.record import State, read_record
from app.run.supervisor import supervise
from app.runtime.errors import ExitCode

__all__ = ["run_apart", "task"]

log = logging.getLogger(__name__)

#: SLURM requeues a job that it told to end, or ends it for good, only while it lives: time to wait for that [s].
_UNTIL_REQUEUED = 90.0


def task(composed: DictConfig) -> int:
    """What Hydra's launchers call, with the configuration of one job: here, in another process, on a node of a cluster.

    Returns
    -------
    int
        The job's exit status.
    """
    overrides = OmegaConf.to_container(HydraConfig.get().overrides.task, resolve=False)
    assert isinstance(overrides, list)
    return run_apart(to_config(composed), overrides)


def run_apart(config: Lv3Config, command: Sequence[str]) -> int:
    """Run one job in a new process, and wait for its end.

    A signal that ends the job goes on to whoever waits for it in this process: the sweep ends too, and submitit, which
    knows what its cluster means by it, does what it does.

    Parameters
    ----------
    config : Lv3Config
    command : sequence of str
        The overrides that make this job.

    Returns
    -------
    int
        Exit status.
    """
    folder = config.output_folder
    log.info("%s: starts", folder)
    end = supervise(config, command, is_job=True)
    log.info("%s: %s", folder, _outcome(folder, end.status))
    if end.asked not in (None, signal.SIGUSR2):  # that one concerns this job only, and is in its record
        signal.raise_signal(end.asked)
    if end.status == ExitCode.SIGTERM and end.asked != signal.SIGUSR2 and "SLURM_JOB_ID" in os.environ:
        time.sleep(_UNTIL_REQUEUED)
    return end.status


def _outcome(folder: Path, status: int) -> str:
    record: dict[str, Any] = read_record(folder) or {}
    if status == ExitCode.SUCCESS:
        return str(record.get("state", State.SUCCESS))
    said = (record.get("error") or {}).get("message", "").splitlines()
    return f"{record.get('state', State.FAILED)}, exit status {status}{': ' if said else ''}{' '.join(said[:1])}"
