"""A page that shows two mosaics at one stretch, to blink between, and their difference."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure
from numpy.typing import NDArray

from app.report.data_uri import data_uri
from app.report.overlays import difference_limit, jpeg, thinned
from app.report.pictures import NOTHING, SIDE, stretch_limits
from app.runtime.files import write_text

__all__ = ["PAGE_NAME", "write_comparison"]

PAGE_NAME = "lv3_compare.html"


def write_comparison(
    folder: Path, runs: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], mosaics: list[Path]
) -> Path:
    """Write the page.

    Parameters
    ----------
    folder : Path
    runs : mapping
        What is said of the runs: ``a``, ``b``, ``verdict``, ``settings`` that differ.
    rows : sequence of mapping
        The table: ``what``, ``value``, ``unit``, ``is_within``.
    mosaics : list of Path
        Those of both runs; empty where they cannot be laid over each other.
    """
    environment = Environment(
        loader=PackageLoader("app.report", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    pictures = _pictures(*mosaics) if mosaics else None
    text = environment.get_template("compare.html").render(runs=runs, rows=rows, pictures=pictures)
    return write_text(folder / PAGE_NAME, text)


def _pictures(first: Path, second: Path) -> dict[str, str]:
    a, b = thinned(first, SIDE), thinned(second, SIDE)
    limits = stretch_limits(a.image)
    return {
        "a": data_uri(jpeg(a.image, limits), "jpeg"),
        "b": data_uri(jpeg(b.image, limits), "jpeg"),
        "difference": _difference((b.image - a.image) / a.error),
    }


def _difference(image: NDArray[np.float64]) -> str:
    """With a bar of its colours."""
    ny, nx = image.shape
    size, most = 8 / max(nx, ny), difference_limit(image)
    figure = Figure(figsize=(nx * size, ny * size + 0.6), layout="constrained", facecolor=NOTHING)
    axes = figure.add_subplot()
    axes.set_axis_off()
    drawn = axes.imshow(image, cmap="RdBu_r", vmin=-most, vmax=most, origin="lower", interpolation="nearest")
    bar = figure.colorbar(drawn, ax=axes, orientation="horizontal", fraction=0.05, pad=0.01)
    bar.set_label("b less a, in median errors of a", color="white", fontsize=14)
    bar.ax.tick_params(colors="white", labelsize=14)
    file = io.BytesIO()
    figure.savefig(file, format="jpeg", pil_kwargs={"quality": 88})
    return data_uri(file.getvalue(), "jpeg")
