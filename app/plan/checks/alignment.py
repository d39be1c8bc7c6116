"""tweakreg: what would make it skip itself, or fail after an hour."""

from collections.abc import Iterator
from math import sqrt

from app.plan.parameters import Parameters
from app.plan.plan import Plan
from app.record.caveats import Caveat
from app.runtime.errors import ConfigError, Lv3Error

__all__ = ["check"]


def check(plan: Plan, parameters: Parameters) -> Iterator[Caveat | Lv3Error]:
    """Parameters that contradict each other, nothing to align."""
    if len(plan.science) == 1:
        yield Caveat(
            "single_exposure",
            "There is a single science exposure: nothing to align it with, and no outliers can be found.",
            "Check in_dir, exclude and bgr_check_type if you expected more.",
        )
    if plan.is_moving or parameters.skips("tweakreg"):
        return
    yield from _separation(parameters)
    catalogue = (parameters.of("tweakreg", "abs_refcat") or "").strip()
    if not catalogue and len(plan.groups["tweakreg"]) == 1 and len(plan.science) > 1:
        yield Caveat(
            "one_group",
            f"All {len(plan.science)} exposures are one tweakreg group and there is no absolute catalogue: "
            "nothing will be aligned.",
            "Choose tweakreg_grouping=default, or set jwst_parameters.tweakreg.abs_refcat.",
        )


def _separation(parameters: Parameters) -> Iterator[Lv3Error]:
    """The rule of stcal.tweakreg, under which it logs an error and aligns nothing (jwst#8641)."""
    for prefix in ("", "abs_"):
        separation, tolerance = (parameters.of("tweakreg", prefix + name) for name in ("separation", "tolerance"))
        if separation <= sqrt(2) * tolerance:
            yield ConfigError(
                f"jwst_parameters.tweakreg.{prefix}separation={separation:g}: must be more than sqrt(2) times "
                f"{prefix}tolerance={tolerance:g}, that is {sqrt(2) * tolerance:.3g}; tweakreg would skip itself"
            )
