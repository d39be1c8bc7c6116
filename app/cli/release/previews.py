"""Pictures of a mosaic, north up: PNG and JPEG at three sizes, with their place on the sky inside."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.visualization import AsinhStretch, ImageNormalize
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin
from scipy.ndimage import affine_transform

from app.cli.release.avm import Frame
from app.cli.release.outline import Outline
from app.report.pictures import BLACK, SOFTENING, WHITE, block_means

__all__ = ["SIZES", "Grid", "grey", "north_up", "save", "upright"]

Array = NDArray[np.float64]

#: Longest side of the pictures, at most [pixel]; a mosaic that is smaller is not enlarged.
SIZES = (256, 1024, 4096)
_QUALITY = 92


@dataclass(frozen=True)
class Grid:
    """The grid of a mosaic: its tangent point on the sky and in pixels, and what a pixel is there.

    Parameters
    ----------
    place : (float, float)
        Right ascension and declination [deg].
    pixel : array of shape (2,)
        x and y of that, from 0 at the centre of the first pixel.
    matrix : array of shape (2, 2)
        East and north [deg] of a step in x and in y.
    """

    place: tuple[float, float]
    pixel: Array
    matrix: Array

    @classmethod
    def of(cls, header: fits.Header) -> "Grid":
        """The grid that the header of an image describes (CDELT and PC, as jwst writes it)."""
        turn = np.array([[header[f"PC{i}_{j}"] for j in (1, 2)] for i in (1, 2)])
        scales = np.array([header["CDELT1"], header["CDELT2"]])
        pixel = np.array([header["CRPIX1"], header["CRPIX2"]]) - 1
        return cls((header["CRVAL1"], header["CRVAL2"]), pixel, scales[:, None] * turn)

    @property
    def scale(self) -> float:
        """Side of a pixel [deg]."""
        return float(np.sqrt(abs(np.linalg.det(self.matrix))))


def upright(grid: Grid, parts: Outline, side: int) -> Frame:
    """The smallest frame with north up that holds an outline, of at most `side` pixels a side.

    It has the tangent point of the mosaic, so that one is an affine picture of the other.
    """
    offsets = (np.concatenate(list(parts)) - grid.pixel) @ grid.matrix.T
    low, high = offsets.min(axis=0), offsets.max(axis=0)
    scale = max(grid.scale, float((high - low).max()) / side)
    nx, ny = np.maximum(np.ceil((high - low) / scale).astype(int), 1)
    # The first pixel is the easternmost, the lowest the southernmost.
    pixel = (high[0] / scale + 0.5, -low[1] / scale + 0.5)
    return Frame(grid.place, pixel, scale, (int(ny), int(nx)))


def north_up(image: NDArray, grid: Grid, frame: Frame) -> Array:
    """An image in a frame with north up, averaged over blocks where the frame is coarser; NaN where there is nothing.

    Parameters
    ----------
    image : array of shape (ny, nx)
        Extension SCI, NaN where there is no data.
    grid : Grid
        Of the image.
    frame : Frame
        With the tangent point of the grid.
    """
    step = max(1, min(int(frame.scale / grid.scale), *image.shape))
    blocks = block_means(image, step)
    # From (row, column) of the frame to (row, column) of the blocks; east is where columns are small.
    to_sky = frame.scale * np.array([[0.0, -1.0], [1.0, 0.0]])
    linear = (np.linalg.inv(grid.matrix) @ to_sky)[::-1] / step
    middle = np.array([frame.pixel[1], frame.pixel[0]]) - 1
    place = (grid.pixel[::-1] - (step - 1) / 2) / step
    how = {"offset": place - linear @ middle, "output_shape": frame.shape, "order": 1}
    good = np.isfinite(blocks)
    share = affine_transform(good.astype(float), linear, **how)
    total = affine_transform(np.where(good, blocks, 0.0), linear, **how)
    return np.where(share > 0.5, total / np.maximum(share, 1e-9), np.nan)


def grey(image: Array) -> NDArray[np.uint8]:
    """An image stretched by asinh between two quantiles, 0 to 255; 0 where there is nothing."""
    finite = image[np.isfinite(image)]
    low, high = np.quantile(finite, [BLACK, WHITE]) if finite.size else (0.0, 1.0)
    norm = ImageNormalize(vmin=low, vmax=max(high, low + 1e-12), stretch=AsinhStretch(SOFTENING), clip=True)
    return np.nan_to_num(255 * np.asarray(norm(image), dtype=float)).astype(np.uint8)


def save(colours: NDArray[np.uint8], covered: NDArray[np.bool_], xmp: bytes, places: Mapping[str, Path]) -> None:
    """Write a picture as PNG, transparent where there is no data, and as JPEG, black there.

    Parameters
    ----------
    colours : array of shape (ny, nx) or (ny, nx, 3)
        The first row is the lowest.
    covered : array of shape (ny, nx)
    xmp : bytes
        Metadata of the picture.
    places : mapping
        The files, for ``png`` and ``jpg``.
    """
    picture = Image.fromarray(colours[::-1])
    with_alpha = picture.copy()
    with_alpha.putalpha(Image.fromarray(covered[::-1].astype(np.uint8) * 255))
    tags = PngImagePlugin.PngInfo()
    tags.add_itxt("XML:com.adobe.xmp", xmp.decode())
    with_alpha.save(places["png"], pnginfo=tags)
    picture.save(places["jpg"], quality=_QUALITY, xmp=xmp)
