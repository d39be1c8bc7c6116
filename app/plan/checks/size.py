"""A mosaic, or a need of memory, that is too large."""

from collections.abc import Iterator

from app.plan.checks.footprint import Footprints
from app.plan.cost import Estimate
from app.plan.peak_memory import least_memory
from app.plan.plan import Plan
from app.runtime.errors import Lv3Error, MemoryExceededError, ResampleError
from app.runtime.resources import memory_limit

__all__ = ["check", "check_start"]

_GB = 1e9


def check_start(procs: int) -> None:
    """Refuse a limit in which jwst cannot even be loaded: the system would kill the run.

    Raises
    ------
    MemoryExceededError
    """
    if (least := least_memory(procs)) > (limit := memory_limit()):
        raise _too_much_memory(least, limit, procs)


def check(plan: Plan, cost: Estimate) -> Iterator[Lv3Error]:
    """A mosaic above `max_mosaic_megapixels`, and memory above what this process may use."""
    if cost.megapixels > plan.config.max_mosaic_megapixels:
        yield _too_large(plan, cost)
    if cost.memory > (limit := memory_limit()):
        yield _too_much_memory(cost.memory, limit, plan.config.n_procs)


def _too_large(plan: Plan, cost: Estimate) -> ResampleError:
    rows, columns = cost.shape
    size = f"the mosaic would have {columns} x {rows} pixels, {cost.megapixels:.0f} million"
    limit = f"max_mosaic_megapixels={plan.config.max_mosaic_megapixels:g}: {size}"
    if stretching := _stretching(plan):
        return ResampleError(f"{limit}. Leave out, with exclude, what stretches it: {stretching}; or raise the limit")
    return ResampleError(f"{limit}. All exposures overlap: set mosaic_pixel_scale, or raise the limit")


def _stretching(plan: Plan) -> str:
    """Exposures apart from the largest cluster, the farthest first, with their distance."""
    footprints = Footprints(plan.science)
    others = sorted(((footprints.gap(c), c) for c in footprints.clusters[1:]), reverse=True)
    return ", ".join(
        f"{plan.science[i].name} ({gap / 60:.1f} arcmin from the rest)" for gap, cluster in others for i in cluster
    )


def _too_much_memory(needed: float, limit: int, procs: int) -> MemoryExceededError:
    amounts = f"some {needed / _GB:.1f} GB are needed, and {limit / _GB:.1f} GB may be used"
    less = "" if procs == 1 else "fewer procs, "
    return MemoryExceededError(f"memory: {amounts}; use {less}a larger machine or limit, or small tiles (mosaic=tiles)")
