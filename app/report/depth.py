"""How faint a star the mosaic shows, and what the faint end of its catalogue means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.assess.measure.catalogue import MAGNITUDE_BIN
from app.assess.measure.frames import SR_TO_ARCSEC2

__all__ = ["Depth", "depth", "faint_end"]

#: Significance for which the depth is stated.
SIGMAS = 5.0
#: AB magnitude 0 [Jy] (Oke & Gunn 1983, ApJ 266, 713), and one MJy [Jy].
ZERO, MJY = 3631.0, 1e6
#: Fewest sources by which a catalogue's faint end is judged.
FEW = 30


@dataclass(frozen=True, slots=True)
class Depth:
    """The flux that is five times the noise of an aperture of empty sky, where the mosaic is quietest.

    Parameters
    ----------
    radius : float
        Of the aperture [arcsec]: the FWHM of the stars.
    flux : float
        In the aperture [nJy]; what of a star's light is outside of it is not counted.
    magnitude : float
        The same [AB].
    """

    radius: float
    flux: float
    magnitude: float


def depth(mosaic: Mapping[str, Any], band_fwhm: float) -> Depth | None:
    """The depth of a mosaic, from the error that it states and how neighbours are alike.

    Parameters
    ----------
    mosaic : mapping
        ``mosaic`` of the measurements.
    band_fwhm : float
        [arcsec], where that of the stars was not measured.

    Returns
    -------
    Depth or None
        None for another unit than MJy/sr, and where noise was not measured.
    """
    noise, correlated = mosaic.get("noise"), mosaic.get("correlated_noise")
    if not noise or not correlated or mosaic["unit"] != "MJy/sr":
        return None
    radius, scale = mosaic["fwhm"] or band_fwhm, mosaic["pixel_scale"]
    n_pixels = np.pi * (radius / scale) ** 2
    sides, factors = np.array([[float(side), f] for side, f in correlated["aperture_factors"].items()]).T
    factor = np.interp(np.sqrt(n_pixels), [1, *sides], [1, *factors])
    error = noise * correlated["scatter_ratio"] * factor * np.sqrt(n_pixels)  # [MJy/sr times pixels]
    flux = SIGMAS * error * MJY * scale**2 / SR_TO_ARCSEC2
    return Depth(float(radius), float(1e9 * flux), float(-2.5 * np.log10(flux / ZERO)))


def faint_end(magnitudes: Sequence[tuple[float, int]], limit: Depth | None) -> str:
    """What the numbers of sources by magnitude say of the catalogue's completeness; empty for too few sources.

    Parameters
    ----------
    magnitudes : sequence of (float, int)
        Bright ends of bins, and the sources in each.
    limit : Depth or None
    """
    total = sum(n for _, n in magnitudes)
    if total < FEW:
        return ""
    # Three bins together: one alone is the most by chance.
    starts, counts = np.array(magnitudes).T
    grid = np.arange(starts[0], starts[-1] + MAGNITUDE_BIN / 2, MAGNITUDE_BIN)
    filled = np.interp(grid, starts, counts) * np.isclose(grid[:, None], starts, atol=MAGNITUDE_BIN / 4).any(axis=1)
    peak = float(grid[np.argmax(np.convolve(filled, np.ones(3), mode="same"))] + MAGNITUDE_BIN / 2)
    text = f"Sources are most at {peak:.1f} mag, and fewer beyond: fainter ones are missing."
    if limit is None:
        return text
    beyond = int(counts[starts >= limit.magnitude].sum())
    if beyond:
        text += (
            f" {beyond} of {total} are fainter than the depth: below five times the noise, or parts of others' light."
        )
    return text
