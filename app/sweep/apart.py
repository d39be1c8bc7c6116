"""One job of a sweep in a process of its own: whatever becomes of it, the sweep goes on and the record says what."""

import ctypes
import logging
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from app.config.composition import to_config
from app.config.schema import Lv3Config
from app.record.record import FINISHED, Record, State, read_record
from app.runtime.errors import ExitCode, Lv3Error, MemoryExceededError, TimeLimitError
from app.runtime.exit_status import exit_status
from app.runtime.logs import log_file

__all__ = ["run_apart", "task"]

log = logging.getLogger(__name__)

#: This file as a program, whatever lies in the current folder.
_COMMAND = (sys.executable, "-P", "-m", "app.sweep.apart")
#: SLURM requeues a job that it told to end, or ends it for good, only while it lives: time to wait for that [s].
_UNTIL_REQUEUED = 90.0
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


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

    Parameters
    ----------
    config : Lv3Config
    command : sequence of str
        The overrides that make this job.

    Returns
    -------
    int
        Exit status; 128 + n where signal n ended the process.
    """
    folder = config.output_folder
    log.info("%s: starts", folder)
    process = subprocess.Popen(_COMMAND, stdin=subprocess.PIPE)  # noqa: S603 - ourselves
    with process, _time_limit_passed_on(process) as is_late:
        try:
            process.communicate(pickle.dumps((config, tuple(command))))
        except BaseException:  # the sweep itself is told to end
            process.terminate()
            process.wait()
            raise
    status = process.returncode
    if is_late():
        error: Lv3Error = TimeLimitError("the time limit of the cluster's job was reached")
        _conclude(config, command, State.INTERRUPTED, error)
    elif status == ExitCode.SIGTERM and "SLURM_JOB_ID" in os.environ:
        time.sleep(_UNTIL_REQUEUED)
    elif status and (read_record(folder) or {}).get("state", State.RUNNING) == State.RUNNING:
        _conclude(config, command, State.FAILED, _death(status))
    status = 128 - status if status < 0 else status
    log.info("%s: %s", folder, _outcome(folder, status))
    return status


def _work() -> int:
    """Be the job, in its own process; the exit status."""
    config, command = pickle.load(sys.stdin.buffer)  # noqa: S301 - of our own parent
    sys.argv = ["jwst-lv3", *command]
    if sys.platform == "linux":  # a job does not outlive its sweep: it ends in order, and can be resumed
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.signal(signal.SIGUSR2, lambda *_: os.kill(os.getpid(), signal.SIGTERM))  # submitit's: the time is up
    logging.getLogger().handlers = [logging.NullHandler()]
    logging.getLogger().setLevel(logging.INFO)
    logging.captureWarnings(True)
    return exit_status(lambda: _run(config))


def _run(config: Lv3Config) -> None:
    from app.run.step import Lv3Step

    try:
        Lv3Step.from_config(config).do_step()
    except SystemExit as error:
        exited = Lv3Error(f"a library exited with {error}")
        _leave_trace(config, exited)
        raise exited from error
    except Exception as error:
        _leave_trace(config, error)
        raise


def _leave_trace(config: Lv3Config, error: BaseException) -> None:
    """Say in the job's log what ended it, and in its record, where it ended before it had one."""
    said = (read_record(config.output_folder) or {}).get("error") or {}
    if said.get("message") != str(error):
        _conclude(config, sys.argv[1:], State.FAILED, error)
    try:
        with log_file(config.output_folder, append=True):
            log.error("the job failed", exc_info=error)
    except OSError:
        log.exception("%s: cannot be written to", config.output_folder)


def _death(status: int) -> Lv3Error:
    """What to say of a process that ended without a word, from its return code."""
    if status > 0:
        return Lv3Error(f"the process exited with status {status}")
    name = signal.Signals(-status).name
    if -status == signal.SIGKILL:
        return MemoryExceededError(f"the process was ended by {name}: for want of memory, unless somebody killed it")
    return Lv3Error(f"the process was ended by {name}")


def _conclude(config: Lv3Config, command: Sequence[str], state: State, error: BaseException) -> None:
    """Complete the record of a job that could not do it itself."""
    folder = config.output_folder
    record = read_record(folder)
    if record is not None and record["state"] in FINISHED:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        concluded = Record(folder, config, record)
        concluded.add(command=list(command))
        concluded.finish(state, error)
        if config.report:
            from app.run.examine import report

            report(concluded)
    except OSError:
        log.exception("%s: cannot be written to", folder)


def _outcome(folder: Path, status: int) -> str:
    record: dict[str, Any] = read_record(folder) or {}
    if status == ExitCode.SUCCESS:
        return str(record.get("state", State.SUCCESS))
    said = (record.get("error") or {}).get("message", "").splitlines()
    return f"{record.get('state', State.FAILED)}, exit status {status}{': ' if said else ''}{' '.join(said[:1])}"


@contextmanager
def _time_limit_passed_on(process: subprocess.Popen) -> Iterator[Callable[[], bool]]:
    """Context in which submitit's signal for the end of the time ends the process in order; tells whether it came."""
    received: list[int] = []

    def pass_on(number: int, _: Any) -> None:
        received.append(number)
        if process.poll() is None:
            process.terminate()

    try:
        before = signal.signal(signal.SIGUSR2, pass_on)
    except ValueError:  # not in the main thread, where signals arrive
        before = None
    try:
        yield lambda: bool(received)
    finally:
        if before is not None:
            signal.signal(signal.SIGUSR2, before)


if __name__ == "__main__":
    sys.exit(_work())
