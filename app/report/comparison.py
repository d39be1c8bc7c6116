"""A page that shows two mosaics at one stretch, to blink between, and their difference."""

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.visualization import AsinhStretch, ImageNormalize
from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib import colormaps
from matplotlib.figure import Figure
from numpy.typing import NDArray

from app.report.pictures import BLACK, NOTHING, SIDE, SOFTENING, WHITE
from app.runtime.files import write_text

__all__ = ["PAGE_NAME", "write_comparison"]

PAGE_NAME = "lv3_compare.html"

_LEAST_SHOWN, _SHOWN = 1.0, 0.995  # [error] of the difference; share of its pixels that are within the colours


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
    a, error = _thinned(first)
    b, _ = _thinned(second)
    finite = a[np.isfinite(a)]
    low, high = np.quantile(finite, [BLACK, WHITE]) if finite.size else (0.0, 1.0)
    norm = ImageNormalize(vmin=low, vmax=max(high, low + 1e-12), stretch=AsinhStretch(SOFTENING))
    difference = (b - a) / error
    there = np.abs(difference[np.isfinite(difference)])
    most = max(_LEAST_SHOWN, float(np.quantile(there, _SHOWN)) if there.size else 0.0)
    around = ImageNormalize(vmin=-most, vmax=most)
    return {
        "a": _drawn(a, "gray", norm),
        "b": _drawn(b, "gray", norm),
        "difference": _drawn(difference, "RdBu_r", around, "b less a, in median errors of a"),
    }


def _thinned(path: Path) -> tuple[NDArray[np.floating], float]:
    """Every so many pixels of a mosaic, and its median error."""
    with fits.open(path) as hdus:
        step = max(1, int(np.ceil(max(hdus["SCI"].shape) / SIDE)))
        error = np.nanmedian(hdus["ERR"].section[::step, ::step]) if "ERR" in hdus else 1.0
        return np.array(hdus["SCI"].section[::step, ::step], dtype=float), float(error)


def _drawn(image: NDArray[np.floating], colours: str, norm: ImageNormalize, label: str = "") -> str:
    ny, nx = image.shape
    size = 8 / max(nx, ny)
    figure = Figure(figsize=(nx * size, ny * size + 0.6 * bool(label)), layout="constrained", facecolor=NOTHING)
    axes = figure.add_subplot()
    axes.set_axis_off()
    drawn = axes.imshow(image, cmap=colormaps[colours], norm=norm, origin="lower", interpolation="nearest")
    if label:
        bar = figure.colorbar(drawn, ax=axes, orientation="horizontal", fraction=0.05, pad=0.01)
        bar.set_label(label, color="white", fontsize=14)
        bar.ax.tick_params(colors="white", labelsize=14)
    file = io.BytesIO()
    figure.savefig(file, format="jpeg", pil_kwargs={"quality": 88})
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
