"""The motion of an exposure whose visit was aligned before: in another band, another reduction, or another epoch."""

from collections.abc import Sequence

import numpy as np

from app.observation.exposure import Exposure
from app.observation.grouping import visit_id
from app.pipeline.solution.motion import Motion, mean_motion
from app.plan.corrections import Correction

__all__ = ["followed"]

#: Least standard error [arcsec]: none of many corrections decides alone.
_LEAST_ERROR = 1e-4


def followed(corrections: Sequence[Correction], exposure: Exposure, ra: float, dec: float) -> Motion | None:
    """The mean motion of an exposure's visit, and of its detector where detectors were moved apart.

    Parameters
    ----------
    corrections : sequence of Correction
    exposure : Exposure
    ra, dec : float
        Its centre [deg].

    Returns
    -------
    Motion or None
        None where no exposure of the visit was moved.
    """
    leaders = [c for c in corrections if c.visit == visit_id(exposure) and c.moved]
    if _by_detector(leaders):
        leaders = [c for c in leaders if c.detector == exposure.detector] or leaders
    if not leaders:
        return None
    errors = np.array([c.error for c in leaders])
    weights = np.maximum(errors, _LEAST_ERROR) ** -2 if np.all(np.isfinite(errors)) else np.ones(len(errors))
    return mean_motion([Motion(c.ra, c.dec, c.values) for c in leaders], weights.tolist(), ra, dec)


def _by_detector(corrections: Sequence[Correction]) -> bool:
    """Whether each group is of one detector, and there are several."""
    detectors: dict[str, set[str]] = {}
    for correction in corrections:
        detectors.setdefault(correction.group, set()).add(correction.detector)
    return all(len(names) == 1 for names in detectors.values()) and len(set.union(*detectors.values(), set())) > 1
