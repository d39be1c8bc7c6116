"""What a job will cost, roughly, from headers alone: for the totals of a sweep, which must take seconds."""

from dataclasses import dataclass

import numpy as np

from app.estimate import peak_memory
from app.exposures import Exposure
from app.plan import Plan

__all__ = ["Cost", "cost"]

# Time of one core [s], from simulated mosaics (docs/performance.md); exact pixel maps.
_SECONDS_START, _SECONDS_EXPOSURE = 8.0, 0.5
#: For a megapixel: of exposure, of mosaic with its catalogue, of exposure to be drizzled, of exposure to be blotted.
_SECONDS_PIXELS, _SECONDS_MOSAIC, _SECONDS_DRIZZLE, _SECONDS_BLOT = 1.7, 2.4, 1.2, 0.45
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
    taken = sum(e.n_pixels for e in exposures)
    mosaic = _box(exposures) / (plan.config.mosaic_pixel_scale or plan.band.pixel_scale) ** 2
    by_pixel = _SECONDS_PIXELS + plan.config.do_drizzle * _SECONDS_DRIZZLE + plan.config.do_blot * _SECONDS_BLOT
    seconds = _SECONDS_START + len(exposures) * _SECONDS_EXPOSURE + (taken * by_pixel + mosaic * _SECONDS_MOSAIC) / 1e6
    memory = peak_memory(exposures, int(mosaic), plan.config.n_procs)
    drizzled = len(exposures) * mosaic * 16 if plan.config.do_drizzle else 0
    disk = sum(e.size for e in exposures) + mosaic * _BYTES_MOSAIC + drizzled
    return Cost(len(exposures), seconds / 3600, memory, int(disk))


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
