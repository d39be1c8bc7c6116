"""The end of a run, good or bad: measured, recorded and reported."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from app.observation.names import RECORD_NAME, REPORT_NAME
from app.plan.cost import Estimate
from app.plan.plan import Plan
from app.record.caveats import UNUSABLE
from app.record.record import Record, State
from app.run.examine import examine, report
from app.run.folder import OutputFolder
from app.runtime.disk import disk_error
from app.runtime.errors import MemoryExceededError, PoorError, StrictError
from app.runtime.memory import memory_error

__all__ = ["concluded", "refuse_caveats", "say_where"]

log = logging.getLogger(__name__)


@contextmanager
def concluded(record: Record, plan: Plan, folder: OutputFolder, cost: Estimate | None) -> Iterator[None]:
    """Context in which a run works; whatever ends it, the record says so, and the report where there is time for one.

    Parameters
    ----------
    record : Record
        It is written at the start, too.
    plan : Plan
    folder : OutputFolder
    cost : Estimate or None
        What the run was thought to need, for errors that speak of it.

    Raises
    ------
    Lv3Error
        What a full disk or a lack of memory raised, in words; all other errors as they are.
    """
    try:
        with _failure_recorded(record, plan, folder, cost):
            record.write()
            yield
            folder.make_room()  # on a disk that is full by now, the last words need it
            if plan.config.report:
                report(record, **record.end(_success(record)))
        record.finish(_success(record))  # at the very end: a run that is killed before that does not count as finished
    except KeyboardInterrupt as error:
        record.data |= folder.kept()
        record.interrupt(error)  # and no report: the sender of a signal waits for seconds only
        raise


@contextmanager
def _failure_recorded(record: Record, plan: Plan, folder: OutputFolder, cost: Estimate | None) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        explained = (
            disk_error(error, folder.path, folder.work) or memory_error(error, cost.memory if cost else None) or error
        )
        log.exception("the run failed", extra={"file_only": True})  # the terminal says it in words of its own
        is_healthy = explained is error  # else there is no disk, or no memory, for more than the record
        if is_healthy and isinstance(error, Exception) and "measurements" not in record.data:
            is_kept = "kept_from" in record.data or not record.data["inputs"]  # these are listed once it is removed
            is_of_before = is_kept and "pipeline" not in record.data
            is_listed = any(product["file"] == plan.combined for product in record.data["products"])
            is_published = is_listed and not is_of_before
            with suppress(MemoryExceededError):
                examine(plan, record, folder.path if is_published else folder.products)
        folder.make_room()  # on a full disk the record needs it
        record.data |= folder.kept()
        record.finish(State.FAILED, explained)
        if is_healthy and plan.config.report:
            with suppress(MemoryExceededError):
                report(record)
        if is_healthy:
            raise
        raise explained from error


def refuse_caveats(record: Mapping[str, Any], strict: bool) -> None:
    """Raise an error where a finished run has caveats and none is allowed.

    Parameters
    ----------
    record : mapping
        Content of the run's record.
    strict : bool

    Raises
    ------
    PoorError, StrictError
        The result cannot be used; it can.
    """
    if strict and (caveats := record["caveats"]):
        kind = PoorError if record["state"] == State.POOR else StrictError
        raise kind(f"{caveat['code']}: {caveat['message']} {caveat['hint']}" for caveat in caveats)


def _success(record: Record) -> State:
    codes = {caveat["code"] for caveat in record.data["caveats"]}
    if UNUSABLE in codes:
        return State.POOR
    return State.CAVEATS if codes else State.SUCCESS


def say_where(record: Record, folder: OutputFolder, plan: Plan) -> None:
    """Name the files of a good run that a user opens first, and its caveats."""
    for caveat in record.data["caveats"]:
        log.info("caveat: %s %s", caveat["message"], caveat["hint"])
    names = {"mosaic": plan.combined, "record": RECORD_NAME, "report": REPORT_NAME}
    for what, path in ((what, folder.path / name) for what, name in names.items()):
        if path.is_file():  # no mosaic where resample is skipped, no report where it failed
            log.info("%s: %s", what, path)
