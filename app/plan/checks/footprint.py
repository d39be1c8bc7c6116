"""Footprints: exposures that overlap with no other, that are far away, that blow up the mosaic."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from app.observation.exposure import Exposure
from app.observation.regions import middle, polygon
from app.plan.plan import Plan
from app.record.caveats import Caveat

__all__ = ["Footprints", "check"]

_ARCMIN = 60.0  # [arcsec]


@dataclass(frozen=True)
class Footprints:
    """Where exposures are on the sky, and which of them touch.

    Parameters
    ----------
    exposures : list of Exposure
        File names differ.
    """

    exposures: list[Exposure]

    @cached_property
    def polygons(self) -> list:
        """`shapely.Polygon` of each exposure [arcsec] in a plane that touches the sky at their median."""
        regions = [e.corners for e in self.exposures]
        centre = middle(regions)
        return [polygon(region, centre) for region in regions]

    @cached_property
    def clusters(self) -> list[list[int]]:
        """Indices of exposures that overlap, directly or through others; the largest cluster first."""
        return self.tied([])

    def tied(self, groups: Iterable[Sequence[str]]) -> list[list[int]]:
        """Clusters as above, in which also the members of a group, by file name, hold together."""
        import shapely
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        n = len(self.polygons)
        one, other = shapely.STRtree(self.polygons).query(self.polygons, predicate="intersects")
        place = {exposure.name: index for index, exposure in enumerate(self.exposures)}
        ties = [(place[group[0]], place[name]) for group in groups for name in group[1:]]
        one, other = np.concatenate([[one, other], np.array(ties, dtype=int).reshape(-1, 2).T], axis=1)
        _, labels = connected_components(coo_array((np.ones(len(one)), (one, other)), shape=(n, n)), directed=False)
        found = [np.flatnonzero(labels == label).tolist() for label in np.unique(labels)]
        return sorted(found, key=len, reverse=True)

    def gap(self, cluster: list[int]) -> float:
        """Distance [arcsec] of a cluster from the nearest exposure that is not in it."""
        import shapely

        rest = [p for i, p in enumerate(self.polygons) if i not in set(cluster)]
        return float(shapely.distance(self._union(cluster), shapely.MultiPolygon(rest)))

    def extent(self, cluster: list[int]) -> float:
        """Diagonal [arcsec] of the box around a cluster."""
        west, south, east, north = self._union(cluster).bounds
        return float(np.hypot(east - west, north - south))

    def _union(self, cluster: list[int]) -> Any:
        import shapely

        return shapely.MultiPolygon([self.polygons[i] for i in cluster])


def check(plan: Plan) -> Iterator[Caveat]:
    """Exposures apart from the rest: nothing ties them together, and a wrong pointing looks just so."""
    footprints = Footprints(plan.science)
    exposures, groups = plan.groups["native"].values(), plan.groups.get("tweakreg", {}).values()
    # The detectors of one exposure share its guide star, wherever they look; a group's exposures are moved as one.
    main, *others = footprints.tied(exposures)
    with_main = next(cluster for cluster in footprints.tied([*exposures, *groups]) if main[0] in cluster)
    for cluster in others:
        names = ", ".join(plan.science[i].name for i in cluster[:3]) + (", ..." if len(cluster) > 3 else "")
        gap = footprints.gap(cluster)
        apart = f"{len(cluster)} of {len(plan.science)} exposures ({names})"
        if gap > footprints.extent(main):
            yield Caveat(
                "far_footprint",
                f"{apart} are {gap / _ARCMIN:.1f} arcmin from the rest, "
                f"which is {footprints.extent(main) / _ARCMIN:.1f} arcmin wide.",
                "Was guiding lost, or is it another target? Leave them out with exclude.",
            )
        elif cluster[0] not in with_main:
            yield Caveat(
                "no_overlap",
                f"{apart} overlap with no other; the gap is {gap:.1f} arcsec. Neither positions nor sky levels can be "
                "matched with the rest.",
                "Set jwst_parameters.tweakreg.abs_refcat to align them absolutely, or leave them out with exclude.",
            )
