"""How much a run works on, and how much of it at once, as memory and disk are estimated from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from app.config.schema import Lv3Config
from app.observation.exposure import Exposure
from app.observation.grouping import groups

__all__ = ["MedianImage", "Work", "box_area"]

#: Exposures in a plane of CON: bits of its integers.
_EXPOSURES_PER_PLANE = 32


@dataclass(frozen=True, slots=True)
class MedianImage:
    """A median image of background exposures.

    Parameters
    ----------
    pixels : int
        Number of its pixels.
    strip : int
        Number of pixels of the rows that are in memory at a time, of all exposures.
    """

    pixels: int
    strip: int


@dataclass(frozen=True, slots=True)
class Work:
    """How much is worked on.

    Parameters
    ----------
    n_exposures : int
    detector : float
        Number of pixels of the largest exposure.
    mosaic : float
        Number of pixels of the mosaic.
    cut : float
        Number of them that one exposure touches.
    tiles : sequence of int
        Number of pixels of each tile that is made; none where the mosaic is made in one piece.
    with_context : bool
        The mosaic has a context image.
    backgrounds : tuple of MedianImage
        Those that are made, and subtracted.
    n_together : int
        Detectors of an exposure, at most.
    """

    n_exposures: int
    detector: float
    mosaic: float
    cut: float
    tiles: Sequence[int] = ()
    with_context: bool = True
    backgrounds: tuple[MedianImage, ...] = ()
    n_together: int = 1

    @property
    def held(self) -> float:
        """Number of pixels of what is put together at a time."""
        return max(self.tiles, default=self.mosaic)

    @property
    def covered(self) -> float:
        """Number of pixels of the mosaic with data, at most."""
        return min(self.mosaic, self.n_exposures * self.cut)

    @property
    def written(self) -> float:
        """Number of pixels in all files of the mosaic."""
        return sum(self.tiles) or self.mosaic

    @property
    def n_planes(self) -> int:
        """Number of planes of CON."""
        return ceil(self.n_exposures / _EXPOSURES_PER_PLANE) if self.with_context else 0

    @classmethod
    def of(cls, exposures: list[Exposure], mosaic: float, pixel_scale: float) -> Work:
        """What a mosaic of exposures is made from.

        An exposure touches its share of the box around all, whatever way the grid is turned, and less of a grid that
        reaches further.

        Parameters
        ----------
        exposures : list of Exposure
        mosaic : float
            Number of pixels of the mosaic.
        pixel_scale : float
            Of the mosaic [arcsec].
        """
        largest = max(box_area([e]) for e in exposures)
        cut = min(mosaic * largest / (box_area(exposures) or 1.0), largest / pixel_scale**2)
        together = max(map(len, groups(exposures).values()))
        return cls(len(exposures), max(e.n_pixels for e in exposures), mosaic, cut, n_together=together)

    def drizzled_with(self, config: Lv3Config) -> int:
        """How many exposures go into one drizzled image after the mosaic."""
        return self.n_together if config.do_drizzle and config.drizzle_by == "group" else 1


def box_area(exposures: list[Exposure]) -> float:
    """Area of the box around all exposures, its sides along the meridians and parallels [arcsec^2]."""
    ra, dec = np.concatenate([e.corners for e in exposures]).T
    ra = (ra - ra[0] + 180) % 360 - 180
    return float(np.ptp(ra) * np.cos(np.radians(dec[0])) * np.ptp(dec) * 3600**2)
