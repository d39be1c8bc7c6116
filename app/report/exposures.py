"""What the page needs of every exposure, in one pass: residuals, flagged pixels, stars before and after alignment."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.assess.measure.residuals import residual_map
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
        Stars, see `stamps`; empty where nothing was moved, or the inputs are not there any more.
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
    exposures = record["measurements"]["exposures"]
    inputs = {Path(entry["file"]).name: Path(entry["file"]) for entry in record["inputs"]}
    files = [(inputs.get(e["file"], Path()), folder / exposure_product(e["file"], CRF)) for e in exposures]
    numbered = {number: pair for number, pair in enumerate(files, start=1) if pair[1].is_file()}
    if not numbered:
        return Looks({}, [], [])
    mosaic = record["measurements"]["mosaic"]
    inputs_are_there = all(before.is_file() for before, _ in numbered.values())
    has_pairs = len(places) > 0 and any(e["moved"] for e in exposures) and inputs_are_there
    # What all are moved by together would take the stars out of the picture.
    together = np.median([e["shift"] for e in exposures], axis=0) / 3600
    job = partial(
        _look,
        mosaic=folder / mosaic["file"],
        step=step,
        stars={"places": places, "together": together, "scale": mosaic["pixel_scale"]} if has_pairs else None,
    )
    found = list(run_all(job, numbered.values(), record["config"].get("procs") or usable_cores()))
    maps, cells, stars = zip(*found, strict=True)
    return Looks(
        first_missing(maps) or dict(zip(numbered, maps, strict=True)),
        first_missing(cells) or list(cells),
        first_missing(stars) or [values for values in stars if values is not None],
    )


def _look(files: tuple[Path, Path], *, mosaic: Path, step: int, stars: dict[str, Any] | None) -> tuple[Any, ...]:
    """Residuals, flagged cells and stars of one exposure, whose input is the first file."""
    exposure = files[1]
    return (
        attempt(residual_map, mosaic, exposure),
        attempt(flagged_cells, exposure, mosaic=mosaic, step=step),
        attempt(stamps, files, **stars) if stars else None,
    )
