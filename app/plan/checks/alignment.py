"""tweakreg: what would make it skip itself, or fail after an hour."""

from collections.abc import Iterator
from math import sqrt
from pathlib import Path

from app.plan.corrections import follow_problems, read_corrections
from app.plan.parameters import Parameters
from app.plan.plan import Plan
from app.record.caveats import Caveat
from app.runtime.errors import ConfigError, InputError, Lv3Error

__all__ = ["check"]


def check(plan: Plan, parameters: Parameters) -> Iterator[Caveat | Lv3Error]:
    """Parameters that contradict each other, nothing to align."""
    if len(plan.science) == 1:
        yield Caveat(
            "single_exposure",
            "There is a single science exposure: nothing to align it with, and no outliers can be found.",
            "Check in_dir, exclude and bgr_check_type if you expected more.",
        )
    kind = plan.config.alignment
    if plan.is_moving:
        if kind in ("solution", "from_run"):
            yield ConfigError(f"alignment={kind}: the target moves, and stars say nothing of where it is: take it out")
        return
    if parameters.skips("tweakreg"):
        if kind in ("solution", "from_run"):
            yield _skipped(parameters, kind)
        return
    if kind == "from_run":
        yield from _followed(plan)
        return
    if kind == "tweakreg":
        yield from _separation(parameters)
    catalogue = (parameters.of("tweakreg", "abs_refcat") or "").strip()
    if not catalogue and len(plan.groups["tweakreg"]) == 1 and len(plan.science) > 1:
        yield Caveat(
            "one_group",
            f"All {len(plan.science)} exposures are one tweakreg group and there is no absolute catalogue: "
            "nothing will be aligned.",
            "Choose tweakreg_grouping=default, or set jwst_parameters.tweakreg.abs_refcat.",
        )


def _skipped(parameters: Parameters, kind: str) -> Lv3Error:
    origin = parameters["tweakreg"]["skip"].origin
    return ConfigError(
        f"alignment={kind}: jwst_parameters.tweakreg.skip is true ({origin}), so nothing would be aligned; set "
        "++jwst_parameters.tweakreg.skip=false, or alignment=none"
    )


def _followed(plan: Plan) -> Iterator[Lv3Error]:
    """The run that is followed has to have moved the same visits."""
    place = str(plan.config.align_from)
    try:
        corrections = read_corrections(Path(place))
    except InputError as error:
        yield error
        return
    if problems := follow_problems(corrections, plan.science, place):
        yield InputError(problems)


def _separation(parameters: Parameters) -> Iterator[Lv3Error]:
    """The rule of stcal.tweakreg, under which it logs an error and aligns nothing (jwst#8641)."""
    for prefix in ("", "abs_"):
        separation, tolerance = (parameters.of("tweakreg", prefix + name) for name in ("separation", "tolerance"))
        if separation <= sqrt(2) * tolerance:
            yield ConfigError(
                f"jwst_parameters.tweakreg.{prefix}separation={separation:g}: must be more than sqrt(2) times "
                f"{prefix}tolerance={tolerance:g}, that is {sqrt(2) * tolerance:.3g}; tweakreg would skip itself"
            )
