"""sweep_report.html: every job of a sweep on one page, with a small picture of its mosaic."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.visualization import AsinhStretch, PercentileInterval
from jinja2 import Environment, PackageLoader, StrictUndefined

from app.observation.names import safe_name
from app.runtime.files import settle, write_text

__all__ = ["PAGE_NAME", "THUMBNAILS", "write_page"]

log = logging.getLogger(__name__)

PAGE_NAME = "sweep_report.html"
#: Folder of the pictures, beside the page: a page with all of them inside would be rewritten after every job.
THUMBNAILS = "sweep_thumbnails"

#: Length of a picture's longer side, at most [pixel].
_SIZE = 160


def write_page(summary: Mapping[str, Any], root: Path) -> Path:
    """Write the page.

    Parameters
    ----------
    summary : mapping
        Content of sweep_summary.json.
    root : Path
        The sweep's folder, where the page goes.
    """
    environment = Environment(
        loader=PackageLoader("app.sweep", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    jobs = [{**row, "thumbnail": _thumbnail(row, root)} for row in summary["jobs"]]
    page = environment.get_template("sweep_report.html").render({**summary, "jobs": jobs}, title=root.resolve().name)
    return write_text(root / PAGE_NAME, page)


def _thumbnail(row: Mapping[str, Any], root: Path) -> str | None:
    """Path of the mosaic's picture, relative to the page; made where it is missing or older than the mosaic."""
    if row["mosaic"] is None:
        return None
    mosaic = root / row["mosaic"]
    picture = root / THUMBNAILS / f"{safe_name(row['job'].replace('/', '_'))}.png"
    try:
        if not picture.exists() or picture.stat().st_mtime < mosaic.stat().st_mtime:
            picture.parent.mkdir(exist_ok=True)
            _draw(mosaic, picture)
    except (OSError, KeyError, ValueError) as error:  # the page is worth having without a picture
        log.warning("%s: no picture (%s)", mosaic, error)
        return None
    return f"{THUMBNAILS}/{picture.name}"


def _draw(mosaic: Path, picture: Path) -> None:
    """Draw every n-th pixel of a mosaic: what is not read costs nothing. Pixels without data are transparent."""
    from matplotlib import colormaps, image

    with fits.open(mosaic, memmap=True) as hdus:
        data = hdus["SCI"].section if hdus["SCI"].shape[0] > 4 * _SIZE else hdus["SCI"].data
        step = max(1, max(hdus["SCI"].shape) // _SIZE)
        values = np.asarray(data[::step, ::step], dtype=float)
    finite = np.isfinite(values)
    low, high = PercentileInterval(99.0).get_limits(values[finite]) if finite.any() else (0.0, 1.0)
    scaled = AsinhStretch(0.1)(np.clip((np.where(finite, values, low) - low) / max(high - low, 1e-30), 0, 1))
    colours = colormaps["gray"](scaled)
    colours[~finite, 3] = 0
    temporary = picture.with_name(f".{picture.name}")
    image.imsave(temporary, colours, origin="lower", format="png")
    settle(temporary, picture)
