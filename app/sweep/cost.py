"""What a job will cost, roughly, from headers alone: for the totals of a sweep, which must take seconds."""

from dataclasses import dataclass, replace

from app.plan.peak_disk import peak_disk
from app.plan.peak_memory import peak_memory
from app.plan.plan import Plan
from app.plan.work import Work, box_area

__all__ = ["Cost", "cost"]

# Time of one core [s], from simulated mosaics (docs/performance.md); exact pixel maps.
_SECONDS_START, _SECONDS_EXPOSURE = 8.0, 0.5
#: For a megapixel: of exposure, of mosaic with its catalogue, of exposure to be drizzled, of exposure to be blotted.
_SECONDS_PIXELS, _SECONDS_MOSAIC, _SECONDS_DRIZZLE, _SECONDS_BLOT = 1.7, 2.4, 1.2, 0.45


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
        Size of the products, and of temporary files [byte].
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
    scale = plan.config.mosaic_pixel_scale or plan.band.pixel_scale
    mosaic = box_area(exposures) / scale**2
    by_pixel = _SECONDS_PIXELS + plan.config.do_drizzle * _SECONDS_DRIZZLE + plan.config.do_blot * _SECONDS_BLOT
    seconds = _SECONDS_START + len(exposures) * _SECONDS_EXPOSURE + (taken * by_pixel + mosaic * _SECONDS_MOSAIC) / 1e6
    work = Work.of(exposures, mosaic, scale)
    if plan.tiling:
        side = round(mosaic**0.5)  # of a square as large as the mosaic
        some = replace(plan.tiling, wanted=()).cells((side, side))[: len(plan.tiling.wanted) or None]
        work = replace(work, tiles=[tile.n_pixels for tile in some])
    disk = peak_disk(work, exposures, plan.config).together
    return Cost(len(exposures), seconds / 3600, peak_memory(work, plan.config), disk)
