"""Moving targets: what would smear the target over the mosaic, or put it at a wrong position."""

from collections.abc import Iterator

import numpy as np

from app.plan.parameters import Parameters
from app.plan.plan import Plan
from app.record.caveats import Caveat
from app.runtime.errors import InputError, Lv3Error

__all__ = ["check"]


def check(plan: Plan, parameters: Parameters) -> Iterator[Caveat | Lv3Error]:
    """A moving target mixed with others, missing positions of the target, assign_mtwcs skipped."""
    moving = [e for e in plan.science if e.is_moving]
    fixed = [e for e in plan.science if not e.is_moving]
    if not moving:
        return
    few, many = sorted((moving, fixed), key=len)
    for e in few:
        one, other = ("MOVING", "FIXED") if e.is_moving else ("FIXED", "MOVING")
        yield InputError(
            f"{e.file}: TARGTYPE is {one}, that of {len(many)} others {other}; they cannot be combined: leave it out, "
            "with exclude"
        )
    if parameters.skips("assign_mtwcs"):
        yield Caveat(
            "moving_target",
            "The target moves, and assign_mtwcs is skipped: all are combined on the sky, and nothing aligns them.",
            "Remove jwst_parameters.assign_mtwcs.skip to combine them in the target's frame.",
        )
        return
    for e in moving:
        if e.moving_target is None:
            yield InputError(
                f"{e.file}: MT_RA or MT_DEC is missing: the moving target's place is not known, and jwst would leave "
                "out assign_mtwcs for all exposures; calibrate it again with the ephemeris, or set exclude"
            )
    places = [e.moving_target[0] for e in moving if e.moving_target]
    if places and np.ptp(places) > 180:
        yield InputError(
            f"MT_RA reaches from {min(places):.5f} to {max(places):.5f} deg: the target crosses 0, and jwst would take "
            "their mean for its place; combine the two sides in separate runs, with exclude"
        )
