"""After the science: measure it, find caveats, write the report. Whatever fails here is a caveat, never an error."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.assess.findings import alignment_verdict, find_caveats
from app.plan.plan import Plan
from app.record.caveats import Caveat
from app.record.record import Record
from app.report import write_report

__all__ = ["examine", "report"]

log = logging.getLogger(__name__)


def examine(plan: Plan, record: Record, folder: Path) -> None:
    """Measure what a run made, as far as it came, and add measurements and caveats to its record.

    Parameters
    ----------
    plan : Plan
    record : Record
    folder : Path
        Where the products are.
    """
    with _harmless(record, "measurement_failed", "Measurements"), record.timed("measure"):
        from app.assess.measure import measure

        record.add(measurements=measure(plan, folder))
        if record.data["measurements"]["exposures"]:
            record.add(alignment_verdict=alignment_verdict(record.data))
        record.add_caveats(find_caveats(record.data))
        if record.data.get("pipeline") == "complete":
            record.add_caveats(_not_measured(plan, record.data["measurements"]))


def _not_measured(plan: Plan, measurements: dict[str, Any]) -> Iterator[Caveat]:
    measured = {entry["file"] for entry in measurements["exposures"]}
    if names := [exposure.name for exposure in plan.science if exposure.name not in measured]:
        yield Caveat(
            "not_measured",
            f"{len(names)} of {len(plan.science)} exposures were not measured, for their products are not there: "
            f"{', '.join(names[:3])}{', ...' if len(names) > 3 else ''}.",
            "Nothing is known of their alignment and sky. Please report it, with lv3_run.log.",
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
    except Exception as error:
        log.exception("%s could not be made; the products are not touched by this", what)
        message = f"{what} could not be made ({type(error).__name__}: {error}); the products are not touched by this."
        record.add_caveats([Caveat(code, message, "Please report it, with lv3_run.log.")])
