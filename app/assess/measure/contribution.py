"""What each exposure contributes to the mosaic: the area where the context image has it, with weight."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.assess.measure.frames import SR_TO_ARCSEC2, open_fits

__all__ = ["contributions", "sampled"]

#: Most pixels of the mosaic that are looked at.
SAMPLE = 1_000_000


def sampled(image: NDArray) -> NDArray:
    """Every so many-th row and column of an image, or of each plane of a cube."""
    step = max(1, int(np.sqrt(np.prod(image.shape[-2:]) / SAMPLE)))
    return image[..., ::step, ::step]


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
    with open_fits(path) as hdus:
        if "CON" not in hdus:
            return None
        weighted = sampled(hdus["WHT"].data[part]) > 0
        context = sampled(hdus["CON"].data[:, *part]).astype(np.uint32)
        header = hdus["SCI"].header
        frame = hdus["SCI"].data[part].size * float(header["PIXAR_SR"]) * SR_TO_ARCSEC2
    seen = (context[place // 32] & np.uint32(1 << place % 32) for place in places)
    return [float(np.mean((bits > 0) & weighted)) * frame for bits in seen]
