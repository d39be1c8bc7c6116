"""What a run will cost: the mosaic's size, peak memory, disk and number of files."""

from dataclasses import dataclass
from math import ceil

from app.exposures import Exposure
from app.mosaic import predict_shape
from app.parameters import Parameters
from app.plan import Plan

__all__ = ["Estimate", "estimate"]

# Bytes of a mosaic's pixel in files: SCI, ERR, WHT, three variances, and a plane of CON for 32 exposures; segmentation.
_BYTES_ARRAY, _ARRAYS, _EXPOSURES_PER_PLANE = 4, 6, 32

#: Resident memory of Python with jwst and its libraries, before data [byte]; measured.
_BASE = 420e6
#: Memory of an exposure that is kept open, by pixel of the detector [byte]: SCI, ERR, DQ, AREA, three variances.
_PER_EXPOSURE_PIXEL = 28
#: Memory while the mosaic is made, by pixel of the mosaic [byte]: output arrays, their sums and a variance at work.
_PER_MOSAIC_PIXEL = 60
#: Memory of an exposure at work, by pixel of the detector [byte]: its pixel map in double precision and copies.
_PER_PIXEL_AT_WORK = 120


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run will cost.

    Parameters
    ----------
    shape : tuple of int
        ``(rows, columns)`` of the mosaic.
    memory, memory_lean : int
        Peak memory [byte] with exposures in memory, and on disk.
    disk : int
        Size of all products, and of temporary files while it runs [byte].
    n_files : int
        Number of files in out_dir.
    """

    shape: tuple[int, int]
    memory: int
    memory_lean: int
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
    memory, lean = (peak_memory(plan.science, pixels, len(plan.groups["native"]), kept) for kept in (True, False))
    return Estimate(shape, memory, lean, _disk(plan, parameters, pixels), _n_files(plan, parameters))


def peak_memory(exposures: list[Exposure], mosaic_pixels: int, n_groups: int, in_memory: bool) -> int:
    """Peak memory of a run [byte], within 30 % of what was measured (tests/test_estimate.py).

    Parameters
    ----------
    exposures : list of Exposure
        Those that make the mosaic.
    mosaic_pixels : int
        Number of pixels of the mosaic.
    n_groups : int
        Number of native groups: outlier detection keeps a resampled image of each.
    in_memory : bool
        Whether exposures, and what outlier detection makes of each, are kept in memory.
    """
    pixels = [e.shape[0] * e.shape[1] for e in exposures]
    planes = ceil(len(exposures) / _EXPOSURES_PER_PLANE)
    kept = sum(pixels) * _PER_EXPOSURE_PIXEL if in_memory else 0
    stack = n_groups * mosaic_pixels * _BYTES_ARRAY if in_memory else 0
    mosaic = mosaic_pixels * (_PER_MOSAIC_PIXEL + planes * _BYTES_ARRAY)
    return int(_BASE + kept + max(pixels) * _PER_PIXEL_AT_WORK + max(stack, mosaic))


def _disk(plan: Plan, parameters: Parameters, mosaic_pixels: int) -> int:
    """Products, each made in the work folder and moved; the exposures' own are as large as the input."""
    planes = ceil(len(plan.science) / _EXPOSURES_PER_PLANE)
    mosaic = mosaic_pixels * _BYTES_ARRAY * (_ARRAYS + planes)
    segmentation = 0 if parameters.skips("source_catalog") else mosaic_pixels * _BYTES_ARRAY
    exposures = sum(e.size for e in plan.science)
    drizzled = len(plan.science) * mosaic_pixels * _BYTES_ARRAY * 4 if plan.config.do_drizzle else 0
    blotted = sum(e.shape[0] * e.shape[1] * _BYTES_ARRAY for e in plan.science) if plan.config.do_blot else 0
    return mosaic + segmentation + exposures + drizzled + blotted


def _n_files(plan: Plan, parameters: Parameters) -> int:
    """Exposures as they went into the mosaic and what is made of each; mosaic, association, record and log."""
    per_exposure = 1 + plan.config.do_drizzle + plan.config.do_blot
    catalogue = 0 if parameters.skips("source_catalog") else 2
    return len(plan.science) * per_exposure + 1 + catalogue + 3
