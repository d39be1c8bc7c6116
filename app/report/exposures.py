"""What the page needs of every exposure, in one pass: residuals, flagged pixels, stars before and after alignment."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.assess.measure.residuals import residual_map
from app.assess.measure.sky_image import sky_image
from app.observation.names import CRF, exposure_product
from app.report.flagged import flagged_cells
from app.report.missing import Missing, attempt, first_missing
from app.report.star_pairs import stamps
from app.runtime.pool import run_all
from app.runtime.resources import usable_cores

__all__ = ["Looks", "look"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Looks:
    """What was read of the exposures; a part that failed for one of them is missing.

    Parameters
    ----------
    residuals : dict of int to ndarray
        Maps by the number of the exposure, from 1.
    flagged : list of ndarray
        Cells of the mosaic with outliers, see `flagged_cells`.
    stamps : list of ndarray
        Stars, see `stamps`; empty where nothing was moved.
    """

    residuals: dict[int, Array] | Missing
    flagged: list[NDArray[np.int32]] | Missing
    stamps: list[Array] | Missing


def look(record: Mapping[str, Any], folder: Path, step: int, places: Array) -> Looks:
    """Read all exposures of a run that are there, and whose mosaic is.

    Parameters
    ----------
    record : mapping
        Content of lv3_run.json.
    folder : Path
        Where the products are.
    step : int
        Side of the cells in which flagged pixels are wanted [pixel of the mosaic].
    places : ndarray of shape (n, 2)
        Stars that are wanted, on the sky [deg].
    """
    entries = record["measurements"]["exposures"]
    files = [folder / exposure_product(entry["file"], CRF) for entry in entries]
    there = {number: pair for number, pair in enumerate(zip(files, entries, strict=True), 1) if pair[0].is_file()}
    if not there:
        return Looks({}, [], [])
    mosaic = record["measurements"]["mosaic"]
    # What all are moved by together would take the stars out of the picture.
    together = np.median([entry["shift"] for entry in entries], axis=0) / 3600
    stars = {"places": places, "together": together, "scale": mosaic["pixel_scale"]}
    has_pairs = len(places) > 0 and any(entry["moved"] for entry in entries)
    job = partial(_look, mosaic=folder / mosaic["file"], step=step, stars=stars if has_pairs else None)
    found = list(run_all(job, there.values(), record["config"].get("procs") or usable_cores()))
    maps, cells, pairs = zip(*found, strict=True)
    return Looks(
        first_missing(maps) or dict(zip(there, maps, strict=True)),
        first_missing(cells) or list(cells),
        first_missing(pairs) or [values for values in pairs if values is not None],
    )


def _look(
    item: tuple[Path, Mapping[str, Any]], *, mosaic: Path, step: int, stars: dict[str, Any] | None
) -> tuple[Any, ...]:
    """Residuals, flagged cells and stars of one exposure: its file, and what was measured of it."""
    file, entry = item
    with sky_image(file, entry["footprint"]) as exposure, sky_image(mosaic) as whole:
        return (
            attempt(residual_map, whole, exposure),
            attempt(flagged_cells, exposure, whole, step),
            attempt(stamps, exposure, entry, **stars) if stars else None,
        )
