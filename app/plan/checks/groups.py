"""Groups that leave nothing to match: tweakreg groups that overlap no other, and a single skymatch group."""

from collections.abc import Iterator

import numpy as np

from app.plan.checks.footprint import Footprints
from app.plan.parameters import Parameters
from app.plan.plan import Plan
from app.record.caveats import Caveat
from app.runtime.words import listed

__all__ = ["check"]


def check(plan: Plan, parameters: Parameters) -> Iterator[Caveat]:
    """Exposures that the chosen groups leave unaligned, or at different sky levels."""
    if "tweakreg" in plan.groups and not (parameters.skips("tweakreg") or parameters.of("tweakreg", "abs_refcat")):
        yield from _alone(plan)
    is_matched = not parameters.skips("skymatch") and "match" in parameters.of("skymatch", "skymethod")
    if is_matched and len(plan.groups["skymatch"]) == 1 < len(plan.groups["native"]):
        yield Caveat(
            "one_sky_group",
            f"All {len(plan.science)} exposures are one skymatch group: they get one level, and differences "
            "between them stay in the mosaic as steps.",
            "Choose skymatch_grouping=default.",
        )


def _alone(plan: Plan) -> Iterator[Caveat]:
    """Groups of several exposures that overlap no other group; `footprint` reports single exposures."""
    groups = plan.groups["tweakreg"]
    joined = [name for name, files in groups.items() if len(_native(plan, files)) > 1]
    if len(groups) == 1 or not joined:
        return
    meeting = _meeting(plan)
    if not (alone := [name for name in joined if name not in meeting]):
        return
    yield Caveat(
        "groups_apart",
        f"{len(alone)} of {len(groups)} tweakreg groups ({listed(alone)}) overlap no other: nothing aligns them to "
        "each other, and the exposures of each are tied together, right or wrong.",
        "Take group_dithers out of tweakreg_grouping, or set jwst_parameters.tweakreg.abs_refcat.",
    )


def _native(plan: Plan, files: list[str]) -> set[str]:
    """The groups of jwst itself that these files come from."""
    return {plan.group_of["native"][name] for name in files}


def _meeting(plan: Plan) -> set[str]:
    """Groups that overlap another one."""
    import shapely

    groups = np.array([plan.group_of["tweakreg"][e.name] for e in plan.science])
    polygons = Footprints(plan.science).polygons
    one, other = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    return set(groups[one][groups[one] != groups[other]].tolist())
