"""What a run gives to its pipeline: made once, from the plan, and never changed."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from app.observation.names import ascii_name
from app.pipeline.aligned import Aligned
from app.pipeline.solution.choice import AlignmentChoice
from app.pipeline.solution.levels import SkyOptions
from app.pipeline.stamp import Stamp
from app.plan.tiling import Tiling

__all__ = ["Context", "Notes"]


class Notes(Protocol):
    """Takes what the steps have to tell; the record of a run (`record.record.Record`) does."""

    def timed(self, step: str) -> AbstractContextManager[None]:
        """Context whose duration is the wall time of a step."""

    def add(self, **facts: Any) -> None:
        """Take facts, by their names in the record."""

    def warn(self, code: str, message: str, hint: str) -> None:
        """Take a caveat: its code, what was found, what to do about it."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a run gives to its pipeline.

    Parameters
    ----------
    procs : int
        Number of processes.
    products : Path
        Folder for the products.
    work_dir : Path
        Folder for temporary files.
    group_ids : mapping
        ``{step: {file name: group id}}`` for ``tweakreg`` and ``skymatch``.
    stamp : Stamp
        What every product says about how it was made.
    alignment : AlignmentChoice
        How exposures are aligned.
    notes : Notes
        Takes times, facts and caveats.
    product : str
        What names of products begin with.
    sky_solution : SkyOptions or None
        skymatch solves for all levels at once; None: by its own method.
    spared_fwhm : float or None
        Width of the stars that outlier detection spares [pixel]; None: it flags as jwst does.
    is_lean : bool
        Where jwst's own implementation of a step needs all pixels, they stay in files.
    saves_exposures : bool
        Exposures are products.
    tiling : Tiling or None
        How the mosaic's grid is cut; None where the mosaic is made in one piece.
    take : callable
        Called when the mosaic and its exposures are complete, before the catalogue is made.
    aligned : Aligned or None
        Alignment and sky levels that an earlier run has found; None: they are found.
    published : Path or None
        Where `take` moves products; None where it moves none.
    catalogue : str
        The mosaic's is made of the whole in memory (``whole``), of tiles, or of these where memory is short (``auto``).
    """

    procs: int
    products: Path
    work_dir: Path
    group_ids: Mapping[str, Mapping[str, str]]
    stamp: Stamp
    alignment: AlignmentChoice
    notes: Notes
    product: str
    sky_solution: SkyOptions | None = None
    spared_fwhm: float | None = None
    is_lean: bool = False
    saves_exposures: bool = True
    tiling: Tiling | None = None
    take: Callable[[], None] = lambda: None
    aligned: Aligned | None = None
    published: Path | None = None
    catalogue: str = "whole"

    def find_mosaic(self) -> Path:
        """The mosaic that is finished, handed over or not."""
        name = f"{self.product}_i2d.fits"
        made = self.products / ascii_name(name)
        return made if made.is_file() or not self.published else self.published / name
