"""The record of a run, as the findings look at it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.assess.findings import limits
from app.observation.tangent_plane import plane_amid

__all__ = ["Facts"]


@dataclass(frozen=True)
class Facts:
    """The record of a run, as the findings look at it.

    Parameters
    ----------
    record : mapping
        ``measurements`` and ``parameters`` of lv3_run.json.
    """

    record: Mapping[str, Any]

    @cached_property
    def exposures(self) -> list[dict[str, Any]]:
        """Measurements of the exposures."""
        return self.record["measurements"]["exposures"]

    @cached_property
    def all_overlaps(self) -> list[dict[str, Any]]:
        """Pairs of exposures that overlap."""
        return self.record["measurements"]["overlaps"]

    @cached_property
    def overlaps(self) -> list[dict[str, Any]]:
        """Overlaps that have stars in common."""
        return [o for o in self.all_overlaps if o["offset"] is not None]

    @cached_property
    def group_residuals(self) -> list[dict[str, Any]]:
        """Pairs of groups that share stars; records of earlier versions have none."""
        return self.record["measurements"].get("group_residuals", [])

    @cached_property
    def known_positions(self) -> list[dict[str, Any]]:
        """Groups against places of stars that are known from elsewhere; records of earlier versions have none."""
        return self.record["measurements"].get("known_positions", [])

    @cached_property
    def without_contribution(self) -> list[str]:
        """Exposures that the mosaic knows nothing of."""
        shares = {e["file"]: e.get("contribution") for e in self.exposures}
        return [name for name, share in shares.items() if share is not None and share < limits.CONTRIBUTION]

    @cached_property
    def pixel_scale(self) -> float:
        """Of the detectors [arcsec]."""
        return self.record["measurements"]["pixel_scale"]

    @property
    def least_offset(self) -> float:
        """Shortest offset that shows [arcsec]."""
        return limits.OFFSET * self.pixel_scale

    def in_words(self, length: float) -> str:
        """A length [arcsec] for a sentence."""
        return f"{length:.3f} arcsec ({length / self.pixel_scale:.2f} pixel)"

    def parameter(self, step: str, name: str) -> Any:
        """The effective parameter of a step, or None where it is not known."""
        return self.record.get("parameters", {}).get("steps", {}).get(step, {}).get(name)

    def config(self, key: str) -> Any:
        """A key of the run's configuration, or None where it is not known."""
        return self.record.get("config", {}).get(key)

    @property
    def follows_target(self) -> bool:
        """Whether exposures were aligned on a target that moves against the stars."""
        return self.aligned_by == "assign_mtwcs"

    @property
    def follows_run(self) -> bool:
        """Whether exposures were moved as those of another run were: by no stars of their own."""
        return bool(self.config("alignment") == "from_run")

    @cached_property
    def aligned_by(self) -> str:
        """The step that gave the exposures their places: tweakreg, or assign_mtwcs for a moving target; else empty."""
        steps = self.record.get("steps", [] if self.parameter("tweakreg", "skip") else ["tweakreg"])
        return next((step for step in ("tweakreg", "assign_mtwcs") if step in steps), "")

    @cached_property
    def by_name(self) -> dict[str, dict[str, Any]]:
        """Measurements of the exposures by file name."""
        return {e["file"]: e for e in self.exposures}

    @cached_property
    def unaligned(self) -> list[str]:
        """Exposures that alignment should have moved and did not; the reference stays where it is."""
        unmoved = sorted({e["group"] for e in self.exposures if not e["moved"]})
        n_groups = len({e["group"] for e in self.exposures})
        has_catalogue = bool(self.parameter("tweakreg", "abs_refcat"))
        if self.aligned_by != "tweakreg" or (n_groups == 1 and not has_catalogue):
            return []
        if not has_catalogue and len(unmoved) < n_groups and unmoved:
            unmoved.remove(max(unmoved, key=self._agreement_with_aligned))
        return [e["file"] for e in self.exposures if e["group"] in unmoved]

    @cached_property
    def reference(self) -> set[str]:
        """The group that stayed where it was, for the others to be aligned to it; empty where it is not known."""
        unaligned = {self.by_name[name]["group"] for name in self.unaligned}
        return {e["group"] for e in self.exposures if not e["moved"]} - unaligned

    @property
    def is_solved(self) -> bool:
        """Whether all groups were aligned by one solution, rather than by tweakreg's own."""
        return bool(self.config("alignment") == "solution")

    @cached_property
    def out_of_reach(self) -> list[str]:
        """Exposures that were not aligned and whose group overlaps the reference of tweakreg nowhere."""
        if self.is_solved:
            return []
        pairs = self.record["measurements"]["overlaps"]
        groups = [{self.by_name[o[which]]["group"] for which in ("first", "second")} for o in pairs]
        near = set().union(*(pair for pair in groups if pair & self.reference))
        return [name for name in self.unaligned if self.by_name[name]["group"] not in near] if self.reference else []

    @cached_property
    def missed_by_finder(self) -> list[str]:
        """Exposures that were not aligned, and in which tweakreg's finder misses most of what this program's finds."""
        found = self.record.get("sources", {})
        return [n for n in self.unaligned if n in found and found[n] < limits.FINDER * self.by_name[n]["n_stars"]]

    def _agreement_with_aligned(self, group: str) -> int:
        """How many stars a group shares, in place, with exposures that were aligned."""
        n = 0
        for overlap in self.overlaps:
            first, second = self.by_name[overlap["first"]], self.by_name[overlap["second"]]
            if group in (first["group"], second["group"]) and (first["moved"] or second["moved"]):
                n += overlap["n_stars"] if np.hypot(*overlap["offset"]) < self.least_offset else 0
        return n

    def reach(self, exposure: Mapping[str, Any]) -> float:
        """Distance of the farthest corner of an exposure from its middle [arcsec]."""
        corners = np.array(exposure["footprint"])
        return float(np.hypot(*plane_amid(corners).from_sky(*corners.T).T).max())

    def offsets_between(self, kind: Callable[[dict[str, Any]], str]) -> dict[tuple[str, str], NDArray[np.float64]]:
        """Offsets [arcsec], shape (n, 2), of overlaps by the kinds of the two exposures, always in the same sense."""
        found: dict[tuple[str, str], list[NDArray[np.float64]]] = {}
        for overlap in self.overlaps:
            pair = tuple(kind(self.by_name[overlap[which]]) for which in ("first", "second"))
            sign = 1 if pair[0] <= pair[1] else -1
            found.setdefault((min(pair), max(pair)), []).append(sign * np.array(overlap["offset"]))
        return {pair: np.array(offsets) for pair, offsets in found.items()}
