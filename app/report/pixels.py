"""The pixels of a mosaic by rows, whether it is one file or was made in tiles."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
from numpy.typing import NDArray

from app.observation.header_wcs import sky_of
from app.observation.names import TILES_INDEX
from app.record.tiles import read_index

__all__ = ["Pixels", "pixels_of"]


@dataclass(frozen=True, slots=True)
class Pixels:
    """A mosaic in one or more files.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns.
    files : tuple of (Path, int, int)
        ``*_i2d.fits``, with the column and the row of its first pixel.
    """

    shape: tuple[int, int]
    files: tuple[tuple[Path, int, int], ...]

    def rows(self, first: int, last: int) -> NDArray[np.float32]:
        """Some rows, the last of which is not included; NaN where there are no data."""
        found = np.full((min(last, self.shape[0]) - first, self.shape[1]), np.nan, np.float32)
        for path, x0, y0 in self.files:
            with fits.open(path) as hdus:
                begin, end = max(first - y0, 0), min(last - y0, hdus["SCI"].shape[0])
                if begin < end:
                    data = hdus["SCI"].section[begin:end]  # read, not mapped: what is mapped counts as memory
                    place = found[max(y0 - first, 0) :, x0 : x0 + data.shape[1]][: len(data)]
                    np.copyto(place, data, where=np.isfinite(data))
        return found

    def wcs(self) -> WCS:
        """Where the pixels are on the sky."""
        path, x0, y0 = self.files[0]
        with fits.open(path) as hdus:
            wcs = sky_of(hdus)
        wcs.wcs.crpix += (x0, y0)
        return wcs


def pixels_of(folder: Path, mosaic: Mapping[str, Any]) -> Pixels:
    """The pixels of a run's mosaic, as its measurements name it."""
    files: tuple[tuple[Path, int, int], ...] = ((folder / mosaic["file"], 0, 0),)
    if mosaic["file"] == TILES_INDEX[0]:
        tiles = (read_index(folder) or {"tiles": []})["tiles"]
        files = tuple((folder / tile["file"], tile["limits"][0], tile["limits"][1]) for tile in tiles)
    return Pixels((mosaic["shape"][0], mosaic["shape"][1]), files)
