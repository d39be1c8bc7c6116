"""Groups that leave nothing to match: tweakreg's that overlap nowhere, and a single one of skymatch."""

from collections.abc import Iterator

import numpy as np

from app.plan.checks.footprint import Footprints
from app.plan.parameters import Parameters
from app.plan.plan import Plan
from app.record.caveats import Caveat

__all__ = ["check"]


def check(plan: Plan, parameters: Parameters) -> Iterator[Caveat]:
    """What the groups that were chosen leave unaligned, or at different levels."""
    if "tweakreg" in plan.groups and not (parameters.skips("tweakreg") or parameters.of("tweakreg", "abs_refcat")):
        yield from _alone(plan)
    is_matched = not parameters.skips("skymatch") and "match" in parameters.of("skymatch", "skymethod")
    if is_matched and len(plan.groups["skymatch"]) == 1 < len(plan.groups["native"]):
        yield Caveat(
            "one_sky_group",
            f"All {len(plan.science)} exposures are one skymatch group: they get one level, and what they differ by "
            "stays in the mosaic as steps.",
            "Choose skymatch_grouping=default.",
        )


def _alone(plan: Plan) -> Iterator[Caveat]:
    """Groups of several exposures that overlap no other group; a single exposure alone is a matter of footprints."""
    groups = plan.groups["tweakreg"]
    joined = {name for name, files in groups.items() if len(_native(plan, files)) > 1}
    alone = [name for name in groups if name in joined - _meeting(plan)]
    if len(groups) == 1 or not alone:
        return
    names = ", ".join(alone[:3]) + (", ..." if len(alone) > 3 else "")
    yield Caveat(
        "groups_apart",
        f"{len(alone)} of {len(groups)} tweakreg groups ({names}) overlap no other: nothing aligns them to each "
        "other, and the exposures of each are tied together, right or wrong.",
        "Take group_dithers out of tweakreg_grouping, or set jwst_parameters.tweakreg.abs_refcat.",
    )


def _native(plan: Plan, files: list[str]) -> set[str]:
    """The groups of jwst itself that these files come from."""
    return {group for group, names in plan.groups["native"].items() if set(names) & set(files)}


def _meeting(plan: Plan) -> set[str]:
    """Groups that overlap another one."""
    import shapely

    group_of = {name: group for group, names in plan.groups["tweakreg"].items() for name in names}
    groups = np.array([group_of[e.name] for e in plan.science])
    polygons = Footprints(plan.science).polygons
    one, other = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    return set(groups[one][groups[one] != groups[other]].tolist())
