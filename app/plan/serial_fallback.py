"""Work that is not divided: jwst's own implementation of a step runs, on whole mosaics and all exposures' pixels."""

from collections.abc import Callable
from functools import partial
from typing import Any

from app.plan.grid import predict_shape
from app.plan.parameters import Parameters
from app.plan.peak_memory import Undivided
from app.plan.plan import Plan
from app.runtime.resources import memory_limit

__all__ = ["outliers_are_undivided", "resampling_is_undivided", "undivided"]

# Kernels whose drops reach no further than a pixel and have no negative weights: those that cuts can be drizzled with.
_LOCAL_KERNELS = frozenset({"square", "point", "turbo"})


def outliers_are_undivided(value: Callable[[str], Any]) -> bool:
    """Whether outlier detection is jwst's own, by the values of its parameters."""
    return value("save_intermediate_results") or not value("resample_data")


def resampling_is_undivided(value: Callable[[str], Any]) -> bool:
    """Whether resampling is jwst's own, by the values of its parameters."""
    return (
        value("single")
        or value("propagate_dq")
        or value("weight_type") is None
        or value("kernel") not in _LOCAL_KERNELS
    )


def undivided(plan: Plan, parameters: Parameters) -> Undivided | None:
    """What jwst's own implementation will keep in memory; None where all work is divided.

    From the first step that is not divided on, none is. With ``memory=lean`` all is kept in files, and with
    ``memory=auto`` where it would take more than half of the memory that there is.

    Parameters
    ----------
    plan : Plan
    parameters : Parameters

    Raises
    ------
    InputError
        The mosaic's grid cannot be known.
    """
    detects = not parameters.skips("outlier_detection")
    before = _sky_is_undivided(plan, parameters) or (
        detects and outliers_are_undivided(partial(parameters.of, "outlier_detection"))
    )
    if not before and not resampling_is_undivided(partial(parameters.of, "resample")):
        return None
    stacks = before and detects and parameters.of("outlier_detection", "resample_data")
    whole = Undivided(sum(e.n_pixels for e in plan.science), len(plan.groups["native"]) if stacks else 0)
    return Undivided(0, 0) if _is_lean(plan, parameters, whole) else whole


def _is_lean(plan: Plan, parameters: Parameters, whole: Undivided) -> bool:
    """Whether what would be kept in memory is kept in files."""
    if plan.config.memory != "auto":
        return plan.config.memory == "lean"
    rows, columns = predict_shape(plan.science, parameters)
    return whole.kept(rows * columns) > memory_limit() / 2


def _sky_is_undivided(plan: Plan, parameters: Parameters) -> bool:
    """Whether skymatch is jwst's own, which has rules for exposures that were matched before."""
    if plan.config.sky_method == "solution":
        return False
    if parameters.skips("skymatch") or parameters.of("skymatch", "skymethod") == "user":
        return False
    return any(e.was_matched for e in plan.science)
