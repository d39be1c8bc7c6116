"""outlier_detection: parameters that do not go with stars being spared."""

from collections.abc import Iterator
from functools import partial

from app.plan.parameters import Parameters
from app.plan.plan import Plan
from app.plan.serial_fallback import outliers_fall_back
from app.runtime.errors import ConfigError, Lv3Error

__all__ = ["check"]


def check(plan: Plan, parameters: Parameters) -> Iterator[Lv3Error]:
    """What ``outliers=spare_stars`` cannot take into account."""
    if plan.config.outliers != "spare_stars" or parameters.skips("outlier_detection"):
        return
    if outliers_fall_back(partial(parameters.of, "outlier_detection")):
        yield ConfigError(
            "outliers=spare_stars: jwst_parameters.outlier_detection.resample_data=false and "
            "save_intermediate_results=true are of jwst's own method; take them out, or set outliers=observatory"
        )
    scale = parameters["outlier_detection"]["scale"]
    if scale.origin == "user":
        yield ConfigError(
            f"outliers=spare_stars: jwst_parameters.outlier_detection.scale={scale.value!r} is not used, the width of "
            "the PSF takes its place; take it out"
        )
