"""One picture of three bands: red is the longest wavelength, blue the shortest, by the method of Lupton et al. 2004."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from astropy.io import fits
from astropy.visualization import make_lupton_rgb
from numpy.typing import NDArray

from app.cli.release.previews import Grid
from app.cli.release.runs import Run
from app.report.pictures import BLACK, WHITE

__all__ = ["lupton", "triples"]

#: Where the picture turns from linear to logarithmic, and how soft (alpha and Q of Lupton et al. 2004, PASP 116, 133),
#: for bands that are scaled to 0 for the sky and 1 for all but the brightest pixels.
_STRETCH, _SOFTENING = 0.12, 8.0


def triples(runs: Iterable[Run]) -> Iterator[tuple[Run, Run, Run]]:
    """Blue, green and red for each target of which three bands or more have one grid.

    Of more than three bands they are the shortest, the middle one and the longest, for runs in that order.
    """
    found: dict[tuple, list[Run]] = defaultdict(list)
    for run in runs:
        found[run.target, _grid(run)].append(run)
    for bands in found.values():
        if len(bands) >= 3:
            yield bands[0], bands[len(bands) // 2], bands[-1]


def _grid(run: Run) -> tuple:
    """What is the same for mosaics whose pixels are at the same places."""
    header = fits.getheader(run.mosaic, "SCI")
    grid = Grid.of(header)
    values = [*grid.place, *(grid.matrix / grid.scale).ravel(), *grid.pixel]
    return header["NAXIS1"], header["NAXIS2"], *(round(float(value), 5) for value in values)


def lupton(bands: Sequence[NDArray]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """The picture of three bands, and where all three have data.

    Parameters
    ----------
    bands : sequence of array of shape (ny, nx)
        Blue, green and red, in one frame; NaN where there is no data.

    Returns
    -------
    colours : array of uint8, shape (ny, nx, 3)
        0 where a band has no data.
    covered : array of bool, shape (ny, nx)
    """
    covered = np.logical_and.reduce([np.isfinite(band) for band in bands])
    blue, green, red = (np.where(covered, _scaled(band, covered), 0.0) for band in bands)
    with np.errstate(invalid="ignore", divide="ignore"):  # it divides by intensity, and puts 0 where that is 0
        return make_lupton_rgb(red, green, blue, minimum=0, stretch=_STRETCH, Q=_SOFTENING), covered


def _scaled(band: NDArray, covered: NDArray[np.bool_]) -> NDArray:
    low, high = np.quantile(band[covered], [BLACK, WHITE]) if covered.any() else (0.0, 1.0)
    return (band - low) / max(high - low, 1e-12)
