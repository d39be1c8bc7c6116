"""What a job will cost, roughly, from headers alone: for the totals of a sweep, which must take seconds."""

from dataclasses import dataclass

import numpy as np

from app.estimate import peak_memory
from app.exposures import Exposure
from app.plan import Plan

__all__ = ["Cost", "cost"]

#: Time of one core for a megapixel of exposure, and for one of mosaic [s]; rough, from simulated mosaics.
_SECONDS_EXPOSURE, _SECONDS_MOSAIC = 12.0, 1.5
#: Bytes of a mosaic's pixel on disk: SCI, ERR, WHT, three variances, context, segmentation.
_BYTES_MOSAIC = 32


@dataclass(frozen=True, slots=True)
class Cost:
    """What a job will cost.

    Parameters
    ----------
    n_exposures : int
        Number of exposures in the mosaic.
    hours : float
        Time of one core [h].
    memory : int
        Peak memory of all processes [byte].
    disk : int
        Size of the products [byte].
    """

    n_exposures: int
    hours: float
    memory: int
    disk: int


def cost(plan: Plan) -> Cost:
    """Estimate what a job will cost; the mosaic is taken as the box around the exposures, north up.

    Parameters
    ----------
    plan : Plan
    """
    exposures = plan.science
    taken = sum(e.shape[0] * e.shape[1] for e in exposures)
    mosaic = _box(exposures) / (plan.config.mosaic_pixel_scale or plan.band.pixel_scale) ** 2
    hours = (taken * _SECONDS_EXPOSURE + mosaic * _SECONDS_MOSAIC) / 1e6 / 3600
    memory = peak_memory(exposures, int(mosaic), plan.config.n_procs)
    drizzled = len(exposures) * mosaic * 16 if plan.config.do_drizzle else 0
    disk = sum(e.size for e in exposures) + mosaic * _BYTES_MOSAIC + drizzled
    return Cost(len(exposures), hours, memory, int(disk))


def _box(exposures: list[Exposure]) -> float:
    """Area [arcsec^2] of the box around all exposures, from S_REGION; 0 where that holds no polygons."""
    words = " ".join(e.s_region for e in exposures).split()
    numbers = np.array([word for word in words if not word.isalpha()])
    try:
        ra, dec = numbers.astype(float).reshape(-1, 2).T
    except ValueError:
        return 0.0
    ra = (ra - ra[0] + 180) % 360 - 180
    return float(np.ptp(ra) * np.cos(np.radians(dec[0])) * np.ptp(dec) * 3600**2)
