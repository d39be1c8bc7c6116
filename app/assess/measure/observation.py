"""All measurements of a run, from its inputs and its products, as a table for the record."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from app.assess.measure.catalogue import read_catalogue
from app.assess.measure.contribution import contributions
from app.assess.measure.displaced_stars import displaced_stars
from app.assess.measure.exposure import CELL, Measured, measure_exposure
from app.assess.measure.flag_map import join_cells
from app.assess.measure.frames import open_fits, read_wcs
from app.assess.measure.group_residuals import Part, Residual, residuals
from app.assess.measure.known_positions import Comparison, KnownPositions, compare_with, known_positions
from app.assess.measure.mosaic import measure_mosaic
from app.assess.measure.overlaps import Agreement, Overlap, agreement, compare
from app.assess.measure.position_errors import position_errors
from app.assess.measure.tiles import measure_tiles, tile_contributions
from app.observation.exposure import Exposure
from app.observation.names import CRF, exposure_product
from app.observation.tangent_plane import TangentPlane
from app.plan.plan import Plan
from app.record.tiles import read_index
from app.runtime.checkpoints import kept
from app.runtime.errors import MemoryExceededError, in_one_line
from app.runtime.pool import run_all

__all__ = ["measure"]

log = logging.getLogger(__name__)

#: Points a side, about, at which the level of an exposure is sampled.
SKY_POINTS = 64
#: Offset of a star below which it is not called displaced [pixel of the detector].
TENTH = 0.1
#: How well the places of one star in two exposures agree, in widths of the PSF.
TOLERANCE = 0.6


#: Where there is nothing.
_NOTHING: dict[str, Any] = {
    "exposures": [],
    "overlaps": [],
    "position_errors": None,
    "group_residuals": [],
    "known_positions": [],
    "displaced_stars": [],
    "outlier_map": None,
    "mosaic": None,
    "catalogue": None,
}


def measure(plan: Plan, folder: Path) -> dict[str, Any]:
    """Measure what a run made.

    Parameters
    ----------
    plan : Plan
    folder : Path
        Where the products are. What is missing is not measured: a run that failed is measured as far as it came.

    Returns
    -------
    dict
        ``measurements`` of the record; app/record/record.schema.json says what is in it.

    Raises
    ------
    MemoryExceededError
        A process was killed, for lack of memory most often.
    """
    exposures = [e for e in plan.science if _crf(e, folder).is_file()]
    found: dict[str, Any] = {"pixel_scale": plan.band.pixel_scale} | _NOTHING
    kinds: dict[str, Callable[[], dict[str, Any]]] = {}
    if exposures:
        kinds["exposures"] = lambda: kept("exposures", partial(_exposures, plan, exposures, folder))
    failed = {}
    for kind, function in (kinds | _of_mosaic(plan, folder)).items():
        try:
            found |= function()
        except MemoryExceededError:  # more of it, and all can be measured
            raise
        except Exception as error:  # the others can still be measured
            log.exception("%s could not be measured", kind)
            failed[kind] = in_one_line(error)
    return found | {"failed": failed}


def _of_mosaic(plan: Plan, folder: Path) -> dict[str, Callable[[], dict[str, Any]]]:
    """What measures the mosaic and its catalogue, or tiles, each and all together."""
    mosaic, catalogue, scale = folder / plan.names.mosaic, folder / plan.names.catalogue, plan.band.pixel_scale
    fwhm = plan.band.fwhm * scale
    if plan.tiling and (index := read_index(folder)):
        return {"tiles": lambda: measure_tiles(folder, index, fwhm, scale, plan.config.n_procs)}
    kinds: dict[str, Callable[[], dict[str, Any]]] = {}
    if mosaic.is_file():
        kinds["mosaic"] = lambda: {"mosaic": asdict(kept("mosaic", partial(measure_mosaic, mosaic, fwhm, scale)))}
    if catalogue.is_file():
        kinds["catalogue"] = lambda: {"catalogue": asdict(read_catalogue(catalogue))}
    return kinds


def _crf(exposure: Exposure, folder: Path) -> Path:
    return folder / exposure_product(exposure.name, CRF)


def _exposures(plan: Plan, exposures: Sequence[Exposure], folder: Path) -> dict[str, Any]:
    first = exposures[0]
    with open_fits(first.path) as hdus:
        centre = read_wcs(hdus)(first.shape[1] / 2, first.shape[0] / 2, with_bounding_box=False)
    spacing = plan.band.pixel_scale * float(np.sqrt(np.prod(first.shape))) / SKY_POINTS
    centre = float(centre[0]), float(centre[1])
    fwhm, pixel_scale = plan.band.fwhm, plan.band.pixel_scale
    measure = partial(measure_exposure, centre=centre, spacing=spacing, fwhm=fwhm, pixel_scale=pixel_scale)
    measured = list(run_all(measure, [(e.path, _crf(e, folder)) for e in exposures], plan.config.n_procs))
    # A moving target leaves the stars behind: where they are says nothing of how well it is aligned.
    tolerance = None if plan.is_moving else TOLERANCE * plan.band.fwhm * plan.band.pixel_scale
    overlaps = compare(measured, tolerance)
    given = _contributions(plan, exposures, measured, folder)
    groups = plan.group_of["native" if plan.is_moving else "tweakreg"]
    names = [groups[e.name] for e in exposures]
    true = position_errors(measured, overlaps, plan.band.pixel_scale)
    known = [] if tolerance is None else known_positions(plan)
    plane = TangentPlane(*centre)
    compared = [[] if k.reason else compare_with(k, measured, names, plane, tolerance or 0.0, true) for k in known]
    return {
        "exposures": [
            _exposure_entry(e, groups[e.name], m, agreement(i, m, overlaps)) | {"contribution": share}
            for i, (e, m, share) in enumerate(zip(exposures, measured, given, strict=True))
        ],
        "overlaps": [_overlap_entry(o, measured) for o in overlaps],
        "position_errors": asdict(true),
        "group_residuals": [_residual_entry(r) for r in residuals(measured, names, overlaps, true)],
        "known_positions": [_known_entry(k, found) for k, found in zip(known, compared, strict=True)],
        "displaced_stars": [
            asdict(star) for star in displaced_stars(measured, overlaps, true, plane, TENTH * pixel_scale)
        ],
        "outlier_map": asdict(join_cells([m.cells for m in measured], CELL * spacing)),
    }


def _contributions(
    plan: Plan, exposures: Sequence[Exposure], measured: Sequence[Measured], folder: Path
) -> list[float] | list[None]:
    """Share of the field of each exposure that it gives to the mosaic; None where that is not there whole."""
    mosaic = folder / f"{plan.product}_i2d.fits"
    known = {exposure.name: place for place, exposure in enumerate(plan.science)}
    places, areas = [known[e.name] for e in exposures], None
    if plan.tiling and not plan.tiling.wanted and (index := read_index(folder)):
        areas = tile_contributions(folder, index, places)
    elif not plan.tiling and mosaic.is_file():
        areas = contributions(mosaic, places)
    if areas is None:
        return [None] * len(exposures)
    return [area / shapely.Polygon(m.outline).area for area, m in zip(areas, measured, strict=True)]


def _exposure_entry(exposure: Exposure, group: str, measured: Measured, agreed: Agreement) -> dict[str, Any]:
    m, flagged = measured.motion, measured.flagged
    return {
        "file": exposure.name,
        "detector": exposure.detector,
        "module": exposure.module,
        "group": group,
        "visit": f"{exposure.program}{exposure.observation}{exposure.visit}",
        "mid_time": exposure.mid_time,
        "footprint": measured.footprint.tolist(),
        "moved": m.moved,
        "shift": [_rounded(m.east), _rounded(m.north)],
        "rotation": _rounded(m.rotation),
        "scale": _rounded(m.scale),
        "n_stars": len(measured.stars_after),
        "n_matches": agreed.n_matches,
        "offset_before": _number(agreed.before),
        "offset": _number(agreed.after),
        "scatter": _number(agreed.scatter),
        "sky_level": measured.level,
        "sky_method": measured.method,
        "flagged": flagged.n_flagged / flagged.n_good if flagged.n_good else None,
        "flagged_in_cores": _number(agreed.flagged_in_cores),
        "unused": measured.reasons,
    }


def _overlap_entry(overlap: Overlap, measured: Sequence[Measured]) -> dict[str, Any]:
    fit, apart = overlap.fit, overlap.displacement
    corner, corner_error = overlap.worst_corner or (None, None)
    return {
        "first": measured[overlap.first].name,
        "second": measured[overlap.second].name,
        "n_stars": len(overlap.stars),
        "offset_before": _median(overlap.before),
        "offset": _median(overlap.after),
        "turn": fit and fit.rotation,
        "turn_error": fit and fit.rotation_error,
        "corner": corner,
        "corner_error": corner_error,
        "n_first": overlap.n_stars[0],
        "n_second": overlap.n_stars[1],
        "displacement": None if apart is None else apart.tolist(),
        "n_samples": overlap.sky.n,
        "sky_before": overlap.sky.before,
        "sky": overlap.sky.after,
        "sky_error": overlap.sky.error,
    }


def _residual_entry(residual: Residual) -> dict[str, Any]:
    parts = [{"column": c, "row": r} | _part_entry(part) for (c, r), part in residual.parts.items()]
    return {"first": residual.first, "second": residual.second} | _part_entry(residual.whole) | {"parts": parts}


def _part_entry(part: Part) -> dict[str, Any]:
    return {"n_stars": part.n_stars, "offset": [_rounded(x) for x in part.offset], "error": _rounded(part.error)}


def _known_entry(known: KnownPositions, compared: Sequence[Comparison]) -> dict[str, Any]:
    said = {"name": known.name, "kind": known.kind, "reason": known.reason, "n_rows": len(known.positions)}
    return said | {"groups": [_comparison_entry(c) for c in compared]}


def _comparison_entry(comparison: Comparison) -> dict[str, Any]:
    nothing = {"n_stars": 0, "offset": None, "error": None}
    apart = comparison.displacement
    measured = nothing if comparison.part is None else _part_entry(comparison.part)
    return {"group": comparison.group} | measured | {"displacement": None if apart is None else apart.tolist()}


def _median(offsets: np.ndarray) -> list[float] | None:
    return np.median(offsets, axis=0).tolist() if len(offsets) else None


def _rounded(value: float) -> float:
    """The value to a millionth, below which there is only rounding noise; without the sign of zero."""
    return round(value, 6) + 0.0


def _number(value: float) -> float | None:
    """JSON knows no NaN."""
    return value if np.isfinite(value) else None
