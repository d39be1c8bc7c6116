"""What a run will cost: the mosaic's size, peak memory, disk and number of files."""

from dataclasses import dataclass

from app.plan.grid import predict_shape
from app.plan.parameters import Parameters
from app.plan.peak_memory import Work, peak_memory
from app.plan.plan import Plan
from app.plan.serial_fallback import undivided

__all__ = ["Estimate", "disk_space", "estimate"]

# Arrays of four bytes a pixel. In the mosaic: SCI, ERR, WHT, three variances; beside them CON, and segments. In a
# drizzled exposure: SCI, ERR, WHT, CON. In a blot: SCI, DQ.
_BYTES_ARRAY, _ARRAYS, _ARRAYS_SINGLE, _ARRAYS_BLOT = 4, 6, 4, 2
# Where a pixel of an exposure falls, in a temporary file: x and y in double precision.
_BYTES_MAP = 16


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run will cost.

    Parameters
    ----------
    shape : tuple of int
        ``(rows, columns)`` of the mosaic.
    memory : int
        Peak memory of all processes [byte].
    disk : int
        Size of all products, and of temporary files while it runs [byte].
    n_files : int
        Number of files in out_dir.
    """

    shape: tuple[int, int]
    memory: int
    disk: int
    n_files: int

    @property
    def megapixels(self) -> float:
        """Size of the mosaic [million pixels]."""
        return self.shape[0] * self.shape[1] / 1e6


def estimate(plan: Plan, parameters: Parameters) -> Estimate:
    """Estimate what a run will cost.

    Parameters
    ----------
    plan : Plan
    parameters : Parameters

    Raises
    ------
    InputError
        The mosaic's grid cannot be known.
    """
    shape = predict_shape(plan.science, parameters)
    scale, ratio = (parameters.of("resample", name) for name in ("pixel_scale", "pixel_scale_ratio"))
    work = Work.of(plan.science, shape[0] * shape[1], scale or ratio * plan.band.pixel_scale)
    with_catalogue = not parameters.skips("source_catalog")
    memory = peak_memory(work, plan.config, with_catalogue, undivided(plan, parameters))
    return Estimate(shape, memory, disk_space(work, plan, with_catalogue), _n_files(plan, with_catalogue))


def disk_space(work: Work, plan: Plan, with_catalogue: bool = True) -> int:
    """Size of products, each made in the work folder and moved, and of pixel maps [byte].

    Exposures are as large as the input.

    Parameters
    ----------
    work : Work
    plan : Plan
    with_catalogue : bool
        Whether sources of the mosaic are found.
    """
    config = plan.config
    mosaic = work.mosaic * (_ARRAYS + work.n_planes + with_catalogue)
    single = work.cut if config.drizzle_footprint_only else work.mosaic
    drizzled = work.n_exposures * single * _ARRAYS_SINGLE if config.do_drizzle else 0
    pixels = sum(e.n_pixels for e in plan.science)
    blotted = pixels * _ARRAYS_BLOT if config.do_blot else 0
    arrays = (mosaic + drizzled + blotted) * _BYTES_ARRAY
    return int(arrays + sum(e.size for e in plan.science) + pixels * _BYTES_MAP)


def _n_files(plan: Plan, with_catalogue: bool) -> int:
    """Exposures as they went into the mosaic and what is made of each; mosaic, association, record and log."""
    per_exposure = 1 + plan.config.do_drizzle + plan.config.do_blot
    return len(plan.science) * per_exposure + 1 + 2 * with_catalogue + 3
