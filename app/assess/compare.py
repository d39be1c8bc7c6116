"""Two runs compared: pixels of their mosaics, sources, how each exposure was moved and levelled."""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning
from astropy.wcs import WCS
from numpy.typing import NDArray

__all__ = ["Difference", "compare_catalogues", "compare_exposures", "compare_mosaics", "have_same_grid"]

_STRIP = 256  # rows that are read at a time
_SAMPLES = 4_000_000  # pixels of which quantiles are taken
_SAME_GRID = 1e-3  # [pixel]
_QUANTILE = 0.999


@dataclass(frozen=True, slots=True)
class Difference:
    """One number in which two runs differ.

    Parameters
    ----------
    what : str
    value : float
    unit : str
    counts : bool
        Whether it has to be within the tolerance.
    """

    what: str
    value: float
    unit: str
    counts: bool = False


def compare_mosaics(first: Path, second: Path) -> list[Difference]:
    """Compare the pixels of two mosaics, ``*_i2d.fits``.

    Differences are in units of the median error (ERR) of the first; NaN is compared with NaN.

    Parameters
    ----------
    first, second : Path

    Returns
    -------
    list of Difference
        Of mosaics on different grids that they are, and nothing more.
    """
    with fits.open(first) as a, fits.open(second) as b:
        if not have_same_grid(a["SCI"], b["SCI"]):
            return [Difference("grids differ: pixels are not compared", np.nan, "", counts=True)]
        error = np.nanmedian(a["ERR"].section[:: max(1, a["ERR"].shape[0] // 1000)]) if "ERR" in a else 1.0
        n_all, n_one, largest = 0, 0, 0.0
        samples = []
        for strip_a, strip_b in _strips(a["SCI"], b["SCI"]):
            in_a, in_b = np.isfinite(strip_a), np.isfinite(strip_b)
            difference = np.abs(strip_a - strip_b)[in_a & in_b] / error
            n_all, n_one = n_all + strip_a.size, n_one + int((in_a != in_b).sum())
            largest = max(largest, float(difference.max(initial=0)))
            samples.append(difference[:: max(1, np.prod(a["SCI"].shape) // _SAMPLES)])
    values = np.concatenate(samples)
    high = float(np.quantile(values, _QUANTILE)) if values.size else 0.0
    return [
        Difference("pixels with data in one mosaic only", 100 * n_one / n_all, "%", counts=True),
        Difference("median difference of pixels", float(np.median(values)) if values.size else 0.0, "error"),
        Difference("99.9 % of the pixels differ by less than", high, "error", counts=True),
        Difference("largest difference of a pixel", largest, "error"),
    ]


def have_same_grid(a: Any, b: Any) -> bool:
    """Whether the pixels of two images, HDUs with a WCS, are at the same places of the sky."""
    if a.shape != b.shape:
        return False
    corners = np.array([[0, 0], [a.shape[1] - 1, 0], [0, a.shape[0] - 1], [a.shape[1] - 1, a.shape[0] - 1]])
    with warnings.catch_warnings():  # dates that astropy completes
        warnings.simplefilter("ignore", AstropyWarning)
        there = WCS(b.header).all_world2pix(WCS(a.header).all_pix2world(corners, 0), 0)
    return bool(np.abs(there - corners).max() < _SAME_GRID)


def _strips(a: Any, b: Any) -> Iterator[tuple[NDArray[np.floating], NDArray[np.floating]]]:
    for start in range(0, a.shape[0], _STRIP):
        rows = slice(start, start + _STRIP)
        yield a.section[rows], b.section[rows]


def compare_exposures(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Difference]:
    """Compare how two runs moved and levelled the exposures that both have, by the measurements in their records.

    Parameters
    ----------
    first, second : mapping
        ``measurements`` of a record.
    """
    ours, theirs = ({entry["file"]: entry for entry in run.get("exposures", ())} for run in (first, second))
    common = sorted(ours.keys() & theirs.keys())
    found = [Difference("exposures in one run only", float(len(ours.keys() ^ theirs.keys())), "", counts=True)]
    if not common:
        return found
    shifts = np.array([np.subtract(ours[name]["shift"], theirs[name]["shift"]) for name in common])
    pixels = np.hypot(*shifts.T) / first["pixel_scale"]
    found.append(Difference("largest difference of an exposure's shift", float(pixels.max()), "pixel", counts=True))
    levels = [(ours[name]["sky_level"], theirs[name]["sky_level"]) for name in common]
    known = np.array([pair for pair in levels if None not in pair], float)
    if len(known):
        steps = known[:, 0] - known[:, 1]
        found.append(Difference("range of the sky levels' differences", float(np.ptp(steps)), "unit of the data"))
    flagged = [abs((ours[n]["flagged"] or 0) - (theirs[n]["flagged"] or 0)) for n in common]
    return [*found, Difference("largest difference of a share of outliers", 100 * max(flagged), "%")]


def compare_catalogues(first: Path, second: Path, pixel_scale: float) -> list[Difference]:
    """Compare the sources of two mosaics.

    Parameters
    ----------
    first, second : Path
        ``*_cat.ecsv``.
    pixel_scale : float
        [arcsec]; sources within two pixels are the same.
    """
    from astropy.table import QTable

    a, b = QTable.read(first), QTable.read(second)
    if not len(a) or not len(b):
        return [Difference("sources in one catalogue only", float(len(a) + len(b)), "", counts=True)]
    index, distance, _ = a["sky_centroid"].match_to_catalog_sky(b["sky_centroid"])
    pixels = distance.arcsec / pixel_scale
    same = pixels < 2
    alone = (~same).sum() + len(b) - len(set(index[same]))
    found = [Difference("sources in one catalogue only", 100 * alone / (len(a) + len(b)), "%")]
    if same.any():
        found.append(
            Difference("median distance of a source in both", float(np.median(pixels[same])), "pixel", counts=True)
        )
    if same.any() and "isophotal_flux" in a.colnames:
        ratio = np.asarray(b["isophotal_flux"][index[same]] / a["isophotal_flux"][same], float)
        found.append(Difference("median change of a source's flux", 100 * float(np.nanmedian(ratio) - 1), "%"))
    return found
