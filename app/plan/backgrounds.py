"""Which background exposures go with each science exposure."""

from collections.abc import Iterable

from app.observation.exposure import Exposure
from app.observation.members import Role
from app.plan.plan import Plan
from app.plan.work import MedianImage

__all__ = ["backgrounds", "median_images", "same_detector", "same_pixels"]

#: Rows of all exposures that are in memory at a time (app/pipeline/divided/background_image.py).
_ROWS = 128


def backgrounds(plan: Plan) -> dict[str, list[Exposure]]:
    """Background exposures of the same detector and filter as each science exposure; of its pixels, if there are any.

    Parameters
    ----------
    plan : Plan
        Checked before (see `checks.backgrounds`): each science exposure has some, and all have a time.

    Returns
    -------
    dict
        By the science exposure's file name, the nearest in time first.
    """
    others = [m.exposure for m in plan.members if m.role is Role.BACKGROUND]
    fitting = {e.name: same_detector(e, others) for e in plan.science}
    return {e.name: _by_distance(e, same_pixels(e, fitting[e.name]) or fitting[e.name]) for e in plan.science}


def median_images(plan: Plan) -> tuple[MedianImage, ...]:
    """The median images that are made of background exposures, for estimates of memory and disk."""
    if plan.config.background_use != "image":
        return ()
    sets = {tuple(sorted(e.name for e in found)): found for found in backgrounds(plan).values() if found}
    return tuple(
        MedianImage(found[0].n_pixels, len(found) * min(_ROWS, found[0].shape[0]) * found[0].shape[1])
        for found in sets.values()
    )


def same_detector(exposure: Exposure, others: Iterable[Exposure]) -> list[Exposure]:
    """Those of the same detector behind the same filters."""
    return [
        o for o in others if (o.detector, o.filter, o.pupil) == (exposure.detector, exposure.filter, exposure.pupil)
    ]


def same_pixels(exposure: Exposure, others: Iterable[Exposure]) -> list[Exposure]:
    """Those that have the same pixels of their detector."""
    return [o for o in others if (o.first_pixel, o.shape) == (exposure.first_pixel, exposure.shape)]


def _by_distance(exposure: Exposure, others: list[Exposure]) -> list[Exposure]:
    """In the order of their distance in time; by name where two are equally near."""
    return sorted(others, key=lambda o: (abs((o.mid_time or 0) - (exposure.mid_time or 0)), o.name))
