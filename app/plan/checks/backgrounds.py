"""Background exposures that are to be used: whether each detector has some, and whether they can be."""

from collections.abc import Iterator

import numpy as np

from app.observation.exposure import Exposure
from app.observation.members import Role
from app.plan.backgrounds import backgrounds, same_detector, same_pixels
from app.plan.plan import Plan
from app.record.caveats import Caveat
from app.runtime.errors import InputError, Lv3Error
from app.runtime.words import listed

__all__ = ["FEWEST", "check"]

#: Fewest places on the sky whose median has no source of any.
FEWEST = 3
#: Distance of two exposures beyond which their sources fall on other pixels [arcsec]: some widths of the PSF.
ELSEWHERE = 1.0


def check(plan: Plan) -> Iterator[Caveat | Lv3Error | str]:
    """What ``background_use`` lacks, and what it is going to do."""
    use = plan.config.background_use
    if use == "none":
        return
    others = [m.exposure for m in plan.members if m.role is Role.BACKGROUND]
    problems = list(_problems(plan, others) if others else _nothing(plan))
    if problems:
        yield InputError([f"background_use={use}: {problem}" for problem in problems])
        return
    yield _said(plan)
    if use == "image":
        yield from _few(plan, others)


def _nothing(plan: Plan) -> Iterator[str]:
    yield (
        f"none of the {len(plan.members)} exposures is background (bgr_check_type={plan.config.bgr_check_type}); "
        "say which are with the config group background, or choose background_use=none"
    )


def _problems(plan: Plan, others: list[Exposure]) -> Iterator[str]:
    for name, science in _kinds(plan.science).items():
        partners = same_detector(science[0], others)
        files = listed(e.name for e in science)
        if not partners:
            yield f"{name} has no background exposure, only {', '.join(_kinds(others))} has; it is needed for {files}"
        elif plan.config.background_use == "image":
            unlike = [e.name for e in science if not same_pixels(e, partners)]
            if unlike:
                yield (
                    f"background exposures of {name} have other pixels of the detector (another subarray) than "
                    f"{listed(unlike)}; choose background_use=level"
                )
    for e in [*plan.science, *others]:
        if e.mid_time is None:
            yield f"{e.path}: has no EXPMID, so it is not known which background is nearest in time"
        if e.is_background_subtracted:
            yield f"{e.path}: its background was subtracted before (S_BKDSUB); choose background_use=none"


def _kinds(exposures: list[Exposure]) -> dict[str, list[Exposure]]:
    """Exposures by detector and filters, in words."""
    found: dict[str, list[Exposure]] = {}
    for e in exposures:
        found.setdefault(f"{e.detector} {e.filter} {e.pupil}".rstrip(), []).append(e)
    return found


def _said(plan: Plan) -> str:
    """What is going to be subtracted from what."""
    nearest = {name: found[0].name for name, found in backgrounds(plan).items()}
    counts = {other: list(nearest.values()).count(other) for other in dict.fromkeys(nearest.values())}
    of = listed((f"{other} ({n} exposures)" if n > 1 else other for other, n in counts.items()), shown=5)
    also = ", and what the background exposures of its detector have in common beyond it," if _is_image(plan) else ""
    return f"from each science exposure the level of the background exposure nearest in time{also} is subtracted: {of}"


def _is_image(plan: Plan) -> bool:
    return plan.config.background_use == "image"


def _few(plan: Plan, others: list[Exposure]) -> Iterator[Caveat]:
    """Detectors whose background exposures are too few, or all of one place."""
    few = [
        f"{name} ({n})" for name in _kinds(plan.science) if (n := _n_places(_kinds(others)[name])) < FEWEST
    ]  # a kind of the science exposures has background: checked before
    if few:
        yield Caveat(
            "few_backgrounds",
            f"Background exposures of fewer than {FEWEST} places on the sky: {listed(few)}. Their median has sources "
            "in it, and adds noise to all exposures.",
            "Choose background_use=level, which takes only their level.",
        )


def _n_places(exposures: list[Exposure]) -> int:
    """Number of places on the sky that are further apart than `ELSEWHERE`."""
    places: list[np.ndarray] = []
    for exposure in exposures:
        ra, dec = np.radians(exposure.corners).T
        place = np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)]).mean(axis=1)
        if all(np.linalg.norm(place - other) > np.radians(ELSEWHERE / 3600) for other in places):
            places.append(place)
    return len(places)
