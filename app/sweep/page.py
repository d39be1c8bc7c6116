"""sweep_report.html: every job of a sweep, what it varied, how good it is, and pictures to blink between."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from app.record.record import FINISHED, State
from app.runtime.files import write_text
from app.sweep.varied import alike, varied

__all__ = ["PAGE_NAME", "write_page"]

PAGE_NAME = "sweep_report.html"

#: Columns of numbers: key of a row, what stands in the head, and below it.
_COLUMNS = (
    ("minutes", "time", "min"),
    ("peak_memory_gb", "memory", "GB"),
    ("exposures", "expo\N{SOFT HYPHEN}sures", ""),
    ("alignment_rms_mas", "align\N{SOFT HYPHEN}ment rms", "mas"),
    ("sky_rms", "sky rms", "{unit}"),
    ("noise", "noise of a pixel", "{unit}"),
    ("fwhm_arcsec", "FWHM", "\N{DOUBLE PRIME}"),
    ("sources", "sources", ""),
    ("flagged_percent", "flagged", "%"),
)


def write_page(summary: Mapping[str, Any], root: Path) -> Path:
    """Write the page.

    Parameters
    ----------
    summary : mapping
        Content of sweep_summary.json.
    root : Path
        The sweep's folder, where the page goes.
    """
    from app.sweep.pictures import LIMIT, galleries  # draws, and takes its time to load

    loaders = [PackageLoader(package, "templates") for package in ("app.sweep", "app.report")]
    environment = Environment(
        loader=ChoiceLoader(loaders), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["breakable"] = _breakable
    jobs = summary["jobs"]
    differing = varied(job["overrides"] for job in jobs)
    units = ", ".join(sorted({job["unit"] for job in jobs if job["unit"]}))
    page = environment.get_template("sweep_report.html").render(
        summary,
        title=root.resolve().name,
        columns=[(key, head, below.format(unit=units)) for key, head, below in _COLUMNS],
        varied=differing,
        labels=_labels(jobs, differing),
        alike=alike(job["overrides"] for job in jobs),
        galleries=galleries(jobs, root),
        limit=LIMIT,
        left=[job for job in jobs if job["state"] not in (*FINISHED, State.RUNNING)],
        minutes_left=_minutes_left(jobs),
    )
    return write_text(root / PAGE_NAME, page)


def _labels(jobs: Sequence[Mapping[str, Any]], differing: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """What each job is called below the table: its number there, and what it varies."""
    pairs = enumerate(zip(jobs, differing, strict=True), start=1)
    return {job["job"]: f"{n}: {', '.join(filter(None, values.values())) or job['job']}" for n, (job, values) in pairs}


def _breakable(text: str) -> str:
    """A text that may break after each mark within a word."""
    return re.sub(r"([._/,])(?=.)", "\\1\N{ZERO WIDTH SPACE}", text)


def _minutes_left(jobs: Sequence[Mapping[str, Any]]) -> float | None:
    """Time that the jobs which are not finished take one after the other, by the mean of those that are."""
    done = [job["minutes"] for job in jobs if job["state"] in FINISHED and job["minutes"] is not None]
    return sum(done) / len(done) * sum(job["state"] not in FINISHED for job in jobs) if done else None
