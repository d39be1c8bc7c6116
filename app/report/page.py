"""The page: what the record says, in the order in which a reader asks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from app.files import write_text

__all__ = ["REPORT_NAME", "write_report"]

REPORT_NAME = "lv3_report.html"


def write_report(record: Mapping[str, Any], folder: Path) -> Path:
    """Write the report of a run.

    Parameters
    ----------
    record : mapping
        Content of lv3_run.json.
    folder : Path
        The run's out_dir, with the products that are there.
    """
    environment = Environment(
        loader=PackageLoader("app.report", "templates"), autoescape=True, undefined=StrictUndefined
    )
    return write_text(folder / REPORT_NAME, environment.get_template("report.html").render(record=record))
