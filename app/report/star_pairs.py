"""The same stars in the mean of the exposures as the input places them, and as alignment does: doubled, or one."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import map_coordinates

from app.assess.measure.sky_image import SkyImage
from app.observation.tangent_plane import plane_amid
from app.report.data_uri import data_uri
from app.report.overlays import stretched

__all__ = ["draw_pairs", "stamps", "star_pairs"]

Array = NDArray[np.float64]

#: Pixels of the mosaic on either side of a star, and of the picture for one of them.
_HALF, _ENLARGED = 12, 5


def star_pairs(found: Sequence[Array]) -> str | None:
    """Stars before and after alignment in the mean of all exposures, as a picture; None where there is nothing.

    Parameters
    ----------
    found : sequence of ndarray
        What `stamps` gives of each exposure.
    """
    return draw_pairs(_mean(found)) if found else None


def stamps(exposure: SkyImage, motion: Mapping[str, Any], *, places: Array, together: Array, scale: float) -> Array:
    """Stars in one exposure, before and after alignment: rows go north, columns west.

    Parameters
    ----------
    exposure : SkyImage
        As it went into the mosaic; its pixels are those of the input.
    motion : mapping
        How alignment moved it: ``shift``, ``rotation``, ``scale`` and ``footprint`` in its measurements.
    places : ndarray of shape (n, 2)
        After alignment [deg].
    together : ndarray of shape (2,)
        Shift that the stars had before alignment less that, east and north [deg].
    scale : float
        Of the picture's pixels [arcsec].

    Returns
    -------
    ndarray of shape (2, n, side, side)
        NaN where the exposure has nothing.
    """
    offsets = np.arange(-_HALF, _HALF + 1) * scale / 3600
    north, west = np.meshgrid(offsets, offsets, indexing="ij")
    image = exposure.usable
    found = []
    for is_before in (True, False):
        east_shift, north_shift = together if is_before else np.zeros(2)
        dec = places[:, 1, None, None] - north_shift + north
        ra = places[:, 0, None, None] - (east_shift + west) / np.cos(np.radians(dec))
        x, y = exposure.to_pixels(*(_moved(ra, dec, motion) if is_before else (ra, dec)))
        found.append(map_coordinates(image, np.nan_to_num([y, x], nan=-_HALF), order=1, cval=np.nan))
    return np.array(found)


def _moved(ra: Array, dec: Array, motion: Mapping[str, Any]) -> tuple[Array, Array]:
    """Where alignment moves places that the input gives [deg]."""
    plane = plane_amid(np.array(motion["footprint"]))
    points = plane.from_sky(ra.ravel(), dec.ravel()) @ [1, 1j]
    points = motion["scale"] * np.exp(-1j * np.radians(motion["rotation"])) * points + complex(*motion["shift"])
    new_ra, new_dec = plane.to_sky(np.stack([points.real, points.imag], -1))
    return new_ra.reshape(ra.shape), new_dec.reshape(dec.shape)


def _mean(found: Sequence[Array]) -> Array:
    """The mean of what is known of each pixel; NaN where nothing is."""
    total = np.sum([np.nan_to_num(values) for values in found], axis=0)
    count = np.sum([np.isfinite(values) for values in found], axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def draw_pairs(pairs: Array) -> str:
    """Before above, after below, each star from its sky to its peak after alignment, as a data URI."""
    columns = []
    for before, after in zip(*pairs, strict=True):
        limits = float(np.nanmedian(after)), float(np.nanmax(after))
        both = [np.pad(stretched(image, limits)[::-1], 1, constant_values=0) for image in (before, after)]
        columns.append(np.concatenate(both))
    sheet = np.kron(np.concatenate(columns, axis=1), np.ones((_ENLARGED, _ENLARGED)))
    file = io.BytesIO()
    Image.fromarray((255 * sheet).astype(np.uint8)).save(file, format="png")
    return data_uri(file.getvalue(), "png")
