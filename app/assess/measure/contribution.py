"""What each exposure contributes to the mosaic: the area where the context image has it, with weight."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from app.assess.measure.frames import SR_TO_ARCSEC2
from app.observation.thinned import thinned

__all__ = ["contributions", "sampled"]

#: Most pixels of the mosaic that are looked at.
SAMPLE = 1_000_000


def sampled(image: Any, part: tuple[slice, slice] = np.s_[:, :]) -> NDArray:
    """As many rows and columns of an image as a measurement needs (see `thinned`)."""
    rows, columns = (len(range(n)[side]) for n, side in zip(image.shape[-2:], part, strict=True))
    return thinned(image, max(1, int(np.sqrt(rows * columns / SAMPLE))), part)


def contributions(path: Path, places: Sequence[int], part: tuple[slice, slice] = np.s_[:, :]) -> list[float] | None:
    """How much of the sky exposures contribute to [arcsec2]; None where the mosaic does not say.

    Parameters
    ----------
    path : Path
        ``*_i2d.fits``.
    places : sequence of int
        Places of the exposures in the association, which are their bits in the context image (jwst documentation,
        "Context Image").
    part : tuple of slice
        Rows and columns that are looked at; default all.
    """
    with fits.open(path, memmap=False) as hdus:
        if "CON" not in hdus:
            return None
        weighted = sampled(hdus["WHT"].section, part) > 0
        context = sampled(hdus["CON"].section, part).astype(np.uint32)
        n_pixels = np.prod([len(range(n)[side]) for n, side in zip(hdus["SCI"].shape, part, strict=True)])
        frame = float(n_pixels) * float(hdus["SCI"].header["PIXAR_SR"]) * SR_TO_ARCSEC2
    seen = (context[place // 32] & np.uint32(1 << place % 32) for place in places)
    return [float(np.mean((bits > 0) & weighted)) * frame for bits in seen]
