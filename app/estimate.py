"""What a run will cost: the mosaic's size, peak memory, disk and number of files."""

from dataclasses import dataclass
from math import ceil

from app.exposures import Exposure
from app.mosaic import predict_shape
from app.parameters import Parameters
from app.plan import Plan

__all__ = ["Estimate", "estimate", "peak_memory"]

# Bytes of a mosaic's pixel in files: SCI, ERR, WHT, three variances, and a plane of CON for 32 exposures; segmentation.
_BYTES_ARRAY, _ARRAYS, _EXPOSURES_PER_PLANE = 4, 6, 32
# Where a pixel of an exposure falls, in a temporary file: x and y in double precision.
_BYTES_MAP = 16

# Memory, measured as the proportional set size summed over all processes (shared pages count once) [byte].
#: The main process with jwst and its libraries, before data; while others work, it shares most of this with them.
_MAIN, _MAIN_SHARED = 300e6, 200e6
#: Each further process, before data.
_WORKER = 50e6
#: Headers, WCS and sources of an exposure, which stay in memory.
_PER_EXPOSURE = 1.1e6
#: An exposure at work, by pixel of the detector: pixels, variances, pixel map in double precision, the drizzled cut.
_PER_EXPOSURE_PIXEL = 90
#: While the mosaic is put together, by its pixels: output arrays, and rows of them at work.
_PER_MOSAIC_PIXEL = 30
#: While its sources are found, by its pixels: the mosaic again, smoothed, its background, segments.
_PER_CATALOGUE_PIXEL = 71


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
    pixels = shape[0] * shape[1]
    memory = peak_memory(plan.science, pixels, plan.config.n_procs, not parameters.skips("source_catalog"))
    return Estimate(shape, memory, _disk(plan, parameters, pixels), _n_files(plan, parameters))


def peak_memory(exposures: list[Exposure], mosaic_pixels: int, procs: int, with_catalogue: bool = True) -> int:
    """Peak memory of a run [byte].

    Exposures are worked on one by one and stay in files; with parameters for which jwst's own implementation of a step
    runs, and with ``memory=in_memory``, it is more.

    Parameters
    ----------
    exposures : list of Exposure
        Those that make the mosaic.
    mosaic_pixels : int
        Number of pixels of the mosaic.
    procs : int
        Number of processes.
    with_catalogue : bool
        Whether sources of the mosaic are found.
    """
    at_work = max(e.n_pixels for e in exposures) * _PER_EXPOSURE_PIXEL
    planes = ceil(len(exposures) / _EXPOSURES_PER_PLANE)
    mosaic = mosaic_pixels * (_PER_MOSAIC_PIXEL + (planes - 1) * _BYTES_ARRAY)
    drizzling = (_MAIN + at_work if procs == 1 else _MAIN_SHARED + procs * (_WORKER + at_work)) + mosaic
    catalogue = _MAIN + mosaic_pixels * _PER_CATALOGUE_PIXEL if with_catalogue else 0
    return int(len(exposures) * _PER_EXPOSURE + max(drizzling, catalogue))


def _disk(plan: Plan, parameters: Parameters, mosaic_pixels: int) -> int:
    """Products, each made in the work folder and moved, and pixel maps; exposures are as large as the input."""
    planes = ceil(len(plan.science) / _EXPOSURES_PER_PLANE)
    mosaic = mosaic_pixels * _BYTES_ARRAY * (_ARRAYS + planes)
    segmentation = 0 if parameters.skips("source_catalog") else mosaic_pixels * _BYTES_ARRAY
    exposures = sum(e.size for e in plan.science)
    drizzled = len(plan.science) * mosaic_pixels * _BYTES_ARRAY * 4 if plan.config.do_drizzle else 0
    pixels = sum(e.n_pixels for e in plan.science)
    blotted = pixels * _BYTES_ARRAY * 2 if plan.config.do_blot else 0
    return mosaic + segmentation + exposures + pixels * _BYTES_MAP + drizzled + blotted


def _n_files(plan: Plan, parameters: Parameters) -> int:
    """Exposures as they went into the mosaic and what is made of each; mosaic, association, record and log."""
    per_exposure = 1 + plan.config.do_drizzle + plan.config.do_blot
    catalogue = 0 if parameters.skips("source_catalog") else 2
    return len(plan.science) * per_exposure + 1 + catalogue + 3
