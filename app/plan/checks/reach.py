"""Which groups tweakreg will not reach: it aligns to one group, and to others only where the catalogue may grow."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from app.plan.checks.footprint import Footprints
from app.plan.parameters import Parameters
from app.plan.plan import Plan
from app.record.caveats import Caveat

__all__ = ["check"]


def check(plan: Plan, parameters: Parameters) -> Iterator[Caveat]:
    """Groups that do not overlap tweakreg's reference: only a solution of all overlaps aligns them well."""
    catalogue = (parameters.of("tweakreg", "abs_refcat") or "").strip()
    groups = plan.groups.get("tweakreg", {})
    if plan.config.aligned_by != "tweakreg" or parameters.skips("tweakreg") or catalogue or len(groups) < 3:
        return
    area = _overlaps(plan)
    reference = 0 if parameters.of("tweakreg", "enforce_user_order") else _reference(area)
    apart = [name for i, name in enumerate(groups) if i != reference and area[i, reference] == 0 and area[i].any()]
    if not apart:
        return
    where = (
        f"{len(apart)} of {len(groups)} tweakreg groups overlap others but not the reference, {list(groups)[reference]}"
    )
    if parameters.of("tweakreg", "expand_refcat"):
        message = f"{where}: they are aligned through others, one after the other, and the errors add up."
    else:
        message = f"{where}: tweakreg will not align them."
    yield Caveat("beyond_reference", message, "Choose alignment=solution: it solves for all overlaps together.")


def _overlaps(plan: Plan) -> NDArray[np.float64]:
    """Area that each two groups share [arcsec2], shape (n, n); 0 on the diagonal, and where all overlap each other."""
    import shapely

    polygons = dict(zip((e.name for e in plan.science), Footprints(plan.science).polygons, strict=True))
    regions = [shapely.union_all([polygons[name] for name in names]) for names in plan.groups["tweakreg"].values()]
    area = np.zeros((len(regions), len(regions)))
    one, other = shapely.STRtree(regions).query(regions, predicate="intersects")
    one, other = one[one < other], other[one < other]
    if len(one) == len(regions) * (len(regions) - 1) / 2:
        return area  # all overlap each other, whatever the reference is
    area[one, other] = shapely.area(shapely.intersection(np.array(regions)[one], np.array(regions)[other]))
    return area + area.T


def _reference(area: NDArray[np.float64]) -> int:
    """The group that tweakreg takes as reference (tweakwcs.imalign.max_overlap_pair).

    Of the two that share most, the one that shares more with all.
    """
    pair = np.unravel_index(np.argmax(area), area.shape)
    return int(max(pair, key=lambda index: area[index].sum()))
