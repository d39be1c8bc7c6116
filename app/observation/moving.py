"""Moving targets, planets and comets: calwebb_image3 combines their exposures in the target's frame, not on the sky."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from app.observation.exposure import Exposure

__all__ = ["in_target_frame"]


def in_target_frame(exposures: Sequence[Exposure]) -> list[Exposure]:
    """Exposures with their footprints where assign_mtwcs is going to put them.

    It shifts each by the mean place of the target less that in the exposure, in right ascension and declination
    (jwst.assign_mtwcs.moving_target_wcs).

    Parameters
    ----------
    exposures : sequence of Exposure
        Those that make the mosaic.

    Returns
    -------
    list of Exposure
        The same, unchanged, where one is of a target that does not move, or does not say where it is.
    """
    places = [e.moving_target for e in exposures if e.is_moving and e.moving_target]
    if not places or len(places) < len(exposures):
        return list(exposures)
    shifts = np.mean(places, axis=0) - np.array(places)
    return [replace(e, s_region=_polygon(e, shift)) for e, shift in zip(exposures, shifts, strict=True)]


def _polygon(exposure: Exposure, shift: np.ndarray) -> str:
    corners = exposure.corners + shift
    corners[:, 0] %= 360
    return "POLYGON ICRS  " + " ".join(f"{value:.9f}" for value in corners.ravel())
