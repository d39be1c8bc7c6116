"""What a run will cost: the mosaic's size, peak memory, disk and number of files."""

from dataclasses import dataclass, replace

from app.observation.names import TILES_INDEX
from app.plan.backgrounds import median_images
from app.plan.grid import predict_shape
from app.plan.parameters import Parameters
from app.plan.peak_disk import peak_disk
from app.plan.peak_memory import peak_memory
from app.plan.plan import Plan
from app.plan.serial_fallback import serial_fallback
from app.plan.work import Work

__all__ = ["Estimate", "estimate"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run will cost.

    Parameters
    ----------
    shape : tuple of int
        ``(rows, columns)`` of the mosaic.
    memory : int
        Peak memory of all processes [byte].
    disk, disk_products, disk_work : int
        Most disk space that products and temporary files take at any time: together, and in out_dir and the work folder
        where these are on two disks [byte].
    n_files : int
        Number of files in out_dir, at most.
    n_tiles : int
        Number of tiles that are made, at most; 0 where the mosaic is made in one piece.
    cells : tuple of int
        ``(rows, columns)`` of tiles in the mosaic's grid, made or not.
    """

    shape: tuple[int, int]
    memory: int
    disk: int
    disk_products: int
    disk_work: int
    n_files: int
    n_tiles: int = 0
    cells: tuple[int, int] = (1, 1)

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
    tiles = [cell.n_pixels for cell in plan.tiling.cells(shape)] if plan.tiling else []
    work = Work.of(plan.science, shape[0] * shape[1], scale or ratio * plan.band.pixel_scale)
    with_context = parameters.of("resample", "enable_ctx")
    work = replace(work, backgrounds=median_images(plan), tiles=tiles, with_context=with_context)
    with_catalogue = not parameters.skips("source_catalog")
    kept = serial_fallback(plan, parameters)
    memory = peak_memory(work, plan.config, with_catalogue, kept)
    room = peak_disk(work, plan.science, plan.config, with_catalogue, kept)
    cells = plan.tiling.n_cells(shape) if plan.tiling else (1, 1)
    return Estimate(shape, memory, *room, _n_files(plan, with_catalogue, len(tiles)), len(tiles), cells)


def _n_files(plan: Plan, with_catalogue: bool, n_tiles: int) -> int:
    """Exposures as they went into the mosaic and what is made of each; mosaic, association, record and log.

    Of tiles, all may have data; their index comes on top.
    """
    per_exposure = 1 - plan.config.is_of_finished + plan.config.do_drizzle + plan.config.do_blot
    mosaics = max(1, n_tiles) * (1 + 2 * with_catalogue) + (len(TILES_INDEX) if n_tiles else 0)
    return len(plan.science) * per_exposure + mosaics + 3
