"""After the science: measure it, find caveats, write the report. What fails is a caveat, but for lack of memory."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.assess.findings import alignment_verdict, find_caveats
from app.plan.plan import Plan
from app.record.caveats import Caveat
from app.record.record import Record
from app.report.page import write_report
from app.runtime.checkpoints import scope
from app.runtime.errors import MemoryExceededError
from app.runtime.words import listed

__all__ = ["examine", "report"]

log = logging.getLogger(__name__)

_REPORT_IT = "Please report it, with lv3_run.log."


def examine(plan: Plan, record: Record, folder: Path) -> None:
    """Measure the products of a run, as far as they exist, and add measurements and caveats to its record.

    Parameters
    ----------
    plan : Plan
    record : Record
    folder : Path
        Where the products are.
    """
    with _harmless(record, "measurement_failed", "Measurements"), record.timed("measure"):
        from app.assess.measure import measure

        with scope("measure"):
            found = measure(plan, folder)
        record.add(measurements=found)
        for kind, reason in found["failed"].items():
            message = f"The {kind} could not be measured ({reason}); the products are not affected."
            record.add_caveats([Caveat("measurement_failed", message, _REPORT_IT)])
        if record.data["measurements"]["exposures"]:
            record.add(alignment_verdict=alignment_verdict(record.data))
        record.add_caveats(find_caveats(record.data))
        if record.data.get("pipeline") == "complete" and "exposures" not in found["failed"]:
            record.add_caveats(_not_measured(plan, record.data["measurements"]))


def _not_measured(plan: Plan, measurements: dict[str, Any]) -> Iterator[Caveat]:
    measured = {entry["file"] for entry in measurements["exposures"]}
    science = plan.science if plan.exposure_products else []
    if names := [exposure.name for exposure in science if exposure.name not in measured]:
        yield Caveat(
            "not_measured",
            f"{len(names)} of {len(plan.science)} exposures were not measured, because their products are missing: "
            f"{listed(names)}.",
            "Their alignment and sky are not known. Please report it, with lv3_run.log.",
        )


def report(record: Record, **end: Any) -> None:
    """Write the report of a run beside its record, and list it as a product.

    Parameters
    ----------
    record : Record
    **end : object
        What the record is going to say of the run's end, where it does not yet.
    """
    with _harmless(record, "report_failed", "The report"), record.timed("report"):
        record.add_products([write_report(record.data | end, record.path.parent)])


@contextmanager
def _harmless(record: Record, code: str, what: str) -> Iterator[None]:
    try:
        yield
    except MemoryExceededError:  # with more of it the same command goes on from here
        raise
    except Exception as error:
        log.exception("%s could not be made; the products are not affected", what)
        message = f"{what} could not be made ({type(error).__name__}: {error}); the products are not affected."
        record.add_caveats([Caveat(code, message, _REPORT_IT)])
