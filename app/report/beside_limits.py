"""The worst numbers of a run beside the limits at which they become caveats."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.assess.findings import limits

__all__ = ["Limited", "beside_limits"]


@dataclass(frozen=True, slots=True)
class Limited:
    """A number and its limit.

    Parameters
    ----------
    what : str
    value, limit : float
    unit : str
    is_least : bool
        The limit is the least that is allowed, not the most.
    """

    what: str
    value: float
    limit: float
    unit: str
    is_least: bool = False

    @property
    def is_within(self) -> bool:
        """Whether the number is no caveat."""
        return self.value >= self.limit if self.is_least else self.value <= self.limit


def beside_limits(measured: Mapping[str, Any]) -> list[Limited]:
    """The worst of each kind of number that was measured.

    Parameters
    ----------
    measured : mapping
        ``measurements`` of the record.
    """
    mosaic = measured.get("mosaic") or {}
    exposures, overlaps = measured.get("exposures", []), measured.get("overlaps", [])
    return [
        *_offsets(overlaps, measured.get("pixel_scale", 0.0)),
        *_matches(exposures),
        *_steps(overlaps, mosaic.get("noise") or mosaic.get("depth"), mosaic.get("unit", "")),
        *_outliers(exposures),
    ]


def _offsets(overlaps: Sequence[Mapping[str, Any]], pixel_scale: float) -> list[Limited]:
    lengths = [1000 * float(np.hypot(*o["offset"])) for o in overlaps if o["offset"]]
    what = "largest median offset of two exposures"
    return [Limited(what, max(lengths), 1000 * limits.OFFSET * pixel_scale, "mas")] if lengths else []


def _matches(exposures: Sequence[Mapping[str, Any]]) -> list[Limited]:
    numbers = [e["n_matches"] for e in exposures if e["moved"]]
    what = "fewest stars of an aligned exposure that another has too"
    return [Limited(what, min(numbers), limits.FEW_MATCHES, "", is_least=True)] if numbers else []


def _steps(overlaps: Sequence[Mapping[str, Any]], noise: float | None, unit: str) -> list[Limited]:
    """The step that is the farthest beyond its limit, which grows with its error."""
    if not overlaps or not noise:
        return []
    pairs = [(abs(o["sky"]), max(limits.STEP * noise, limits.STEP_SIGNIFICANCE * o["sky_error"])) for o in overlaps]
    step, limit = max(pairs, key=lambda pair: pair[0] / pair[1])
    return [Limited("largest step of sky between two exposures", step, limit, unit)]


def _outliers(exposures: Sequence[Mapping[str, Any]]) -> list[Limited]:
    found = []
    if shares := [e["flagged"] for e in exposures if e["flagged"] is not None]:
        found.append(Limited("largest share of outliers", 100 * max(shares), 100 * limits.MANY_FLAGGED, "%"))
    cores = [(e["flagged_in_cores"], limits.most_in_cores(e["flagged"])) for e in exposures]
    if known := [pair for pair in cores if pair[0] is not None]:
        share, limit = max(known, key=lambda pair: pair[0] / pair[1])
        found.append(Limited("largest share of outliers in the cores of stars", 100 * share, 100 * limit, "%"))
    return found
