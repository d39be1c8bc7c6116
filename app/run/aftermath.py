"""What is written of a run by somebody else, for it could not: the end of a dead one, or of one that had no record."""

import logging
from contextlib import suppress

from app.record.record import FINISHED, Record, State, read_record
from app.run.folder import OutputFolder
from app.run.supervisor import Order
from app.runtime.errors import InputError, MemoryExceededError
from app.runtime.logs import log_file
from app.runtime.signals import Interrupted

__all__ = ["conclude"]

log = logging.getLogger(__name__)


def conclude(order: Order, error: BaseException) -> None:
    """Complete the record of a run that was killed, and log what ended it; what it had finished stays.

    A run that had no record leaves none, unless it is a job of a sweep. Where another run is at work in the folder,
    nothing is touched.

    Parameters
    ----------
    order : Order
    error : BaseException
        What ended it.
    """
    folder = OutputFolder(order.config)
    record = read_record(folder.path)
    is_said = record is not None and (record["error"] or {}).get("message") == str(error)
    try:
        if not is_said and (record is not None or order.is_job):
            with folder.taken():
                _write(order, error, folder)
        elif folder.is_left():
            with folder.taken():
                pass
    except (InputError, OSError) as trouble:
        log.warning("%s: the end of the run could not be recorded: %s", folder.path, trouble)


def _write(order: Order, error: BaseException, folder: OutputFolder) -> None:
    record = read_record(folder.path)
    if record is not None and record["state"] in FINISHED:
        return
    concluded = Record(folder.path, order.config, record, begins=record is None)
    concluded.add(command=list(order.command))
    concluded.data |= folder.kept()
    is_interrupted = isinstance(error, Interrupted)
    concluded.finish(State.INTERRUPTED if is_interrupted else State.FAILED, error)
    with log_file(folder.path, append=True):
        log.error("what ended the run", exc_info=error, extra={"file_only": True})
    if order.config.report and not is_interrupted:  # the sender of a signal waits for seconds only
        from app.run.examine import report

        with suppress(MemoryExceededError):
            report(concluded)
