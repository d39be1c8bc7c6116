"""A mosaic whose grid the user gave: whether the exposures are in it."""

from collections.abc import Iterator
from typing import Any

from app.observation.regions import middle, polygon
from app.plan.checks.exposures import shortened
from app.plan.grid import Grid, is_given, predict_grid
from app.plan.parameters import Parameters
from app.plan.plan import Plan
from app.record.caveats import Caveat
from app.runtime.errors import ConfigError, InputError, Lv3Error

__all__ = ["check"]

#: Part of a footprint outside of the grid above which it is said: corners are a matter of rounding.
_CUT = 0.01


def check(plan: Plan, parameters: Parameters) -> Iterator[Caveat | Lv3Error]:
    """Exposures outside of the grid, all of them or some, and those that it cuts."""
    if parameters.skips("resample") or not is_given(parameters):
        return
    try:
        grid = predict_grid(plan.science, parameters)
    except InputError:  # said where its cost is estimated
        return
    missing = _missing(plan, grid)
    outside = [e for e, part in zip(plan.science, missing, strict=True) if part == 1]
    cut = [(e, part) for e, part in zip(plan.science, missing, strict=True) if _CUT < part < 1]
    if len(outside) == len(plan.science):
        yield ConfigError(_nowhere(plan, grid))
    elif outside:
        yield Caveat(
            "outside_mosaic",
            f"{len(outside)} of {len(plan.science)} exposures ({shortened(outside)}) are outside of the mosaic's grid: "
            "they add nothing to it.",
            "Leave them out with exclude, or give another grid.",
        )
    if cut and len(outside) < len(plan.science):
        parts = ", ".join(f"{e.name} {part:.0%}" for e, part in cut[:3]) + (", ..." if len(cut) > 3 else "")
        yield Caveat(
            "cut_by_mosaic",
            f"{len(cut)} of {len(plan.science)} exposures are partly outside of the mosaic's grid, with "
            f"this part of their area: {parts}.",
            "Give a larger grid if that is not meant.",
        )


def _missing(plan: Plan, grid: Grid) -> list[float]:
    """The part of each exposure's footprint that is outside of the grid; 1 where all of it is."""
    regions = [e.corners for e in plan.science]
    centre = middle(regions)
    frame = polygon(grid.corners, centre)
    return [_part_outside(polygon(region, centre), frame) for region in regions]


def _part_outside(footprint: Any, frame: Any) -> float:
    return 1 - footprint.intersection(frame).area / footprint.area


def _nowhere(plan: Plan, grid: Grid) -> str:
    (ra, dec), (other_ra, other_dec) = grid.corners.mean(axis=0), plan.science[0].corners.mean(axis=0)
    key = "mosaic_like" if plan.config.mosaic_like else "mosaic_center"
    value = plan.config.mosaic_like or plan.config.mosaic_center
    given = f"{key}={value}" if value else "jwst_parameters.resample"
    return (
        f"{given}: no exposure is in the mosaic's grid, which is around {ra:.5f} {dec:.5f} deg; "
        f"{plan.science[0].name} is around {other_ra:.5f} {other_dec:.5f} deg"
    )
