"""A mosaic in tiles: names that its grid does not have, and steps that can only make it in one piece."""

from collections.abc import Iterator

from app.plan.cost import Estimate
from app.plan.parameters import Parameters
from app.plan.plan import Plan
from app.plan.serial_fallback import serial_fallback
from app.runtime.errors import ConfigError
from app.runtime.words import listed

__all__ = ["check"]


def check(plan: Plan, parameters: Parameters, cost: Estimate | None) -> Iterator[ConfigError]:
    """Find what keeps tiles from being made.

    Parameters
    ----------
    plan : Plan
    parameters : Parameters
        Effective parameters.
    cost : Estimate or None
        None where the mosaic's grid cannot be known.
    """
    if plan.tiling is None:
        return
    if parameters.skips("resample"):
        yield ConfigError(
            f"tile_size={plan.tiling.size}: there will be no mosaic to make in tiles, since resample.skip is true "
            f"({parameters['resample']['skip'].origin}); remove one of them"
        )
    again = [step for step in plan.steps(parameters) if step not in ("resample", "source_catalog")]
    if plan.config.is_of_finished and again:
        yield ConfigError(
            f"tiles of step_ext={plan.config.step_ext}: exposures that are finished go into tiles as they are, and are "
            f"not written again; {' and '.join(again)} would change them: leave out jwst_parameters that let them run"
        )
    if cost is None:
        return
    if serial_fallback(plan, parameters) is not None:
        yield ConfigError(
            f"tile_size={plan.tiling.size}: tiles are made by this program's own resampling, and a step takes jwst's, "
            "which holds the whole mosaic: resample with another kernel than square, turbo or point, weight_type=None, "
            "single or propagate_dq; outlier_detection with resample_data=false or save_intermediate_results; or "
            "skymatch of exposures that were matched before (skip it, or choose sky=solution). Change that, or make "
            "the mosaic in one piece"
        )
    rows, columns = cost.cells
    there = {cell.name for cell in plan.tiling.cells(cost.shape)}
    if unknown := [name for name in plan.tiling.wanted if name not in there]:
        yield ConfigError(
            f"tiles: {listed(unknown)}: the grid of {cost.shape[1]} x {cost.shape[0]} pixels has {rows} rows and "
            f"{columns} columns of tiles: r00c00 to r{rows - 1:02d}c{columns - 1:02d}"
        )
