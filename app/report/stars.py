"""Ten stars of the mosaic: as cutouts, and their profile against the width that the band has."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.table import Table
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image

from app.report.data_uri import data_uri
from app.report.overlays import stretched
from app.report.style import BEFORE, COLOURS, Figure, drawing, plain_decades, to_svg

__all__ = ["Stars", "cutouts", "profile", "read_stars"]

_N = 10
_HALF, _ENLARGED = 12, 5  # [pixel] of a cutout, and of the picture for one of its pixels
_NEAR = 2  # [pixel] from the catalogue's place to the brightest pixel
_STEEP = 5  # times the tenth brightest pixel of a hundred, above the middle one: clouds are not
_SKY = ("sky_centroid.ra", "sky_centroid.dec")
_COLUMNS = ("xcentroid", "ycentroid", *_SKY, "is_extended", "nn_dist", "isophotal_flux")


@dataclass(frozen=True, eq=False)
class Stars:
    """The brightest isolated stars.

    Parameters
    ----------
    images : ndarray of shape (n, side, side)
        Cutouts of the mosaic around the pixel in which each star is.
    places : ndarray of shape (n, 2)
        Place of each star in its cutout, x and y [pixel].
    sky : ndarray of shape (n, 2)
        Right ascension and declination [deg].
    """

    images: NDArray[np.float64]
    places: NDArray[np.float64]
    sky: NDArray[np.float64]


def read_stars(mosaic: Path, catalogue: Path) -> Stars | None:
    """The brightest sources that are no wider than a star, whole, peaked, and further from others than a cutout.

    Parameters
    ----------
    mosaic : Path
        ``*_i2d.fits``.
    catalogue : Path
        ``*_cat.ecsv``.

    Returns
    -------
    Stars or None
        None where there is none.
    """
    # The head of an ECSV is comments to this reader, which is quick where there are many sources.
    # It is not told to leave columns out: of a catalogue without a source it could then make no table.
    table = Table.read(catalogue, format="ascii.fast_basic", guess=False)[list(_COLUMNS)]
    table = table[(np.asarray(table["is_extended"], str) == "False") & (np.asarray(table["nn_dist"], float) > _HALF)]
    order = np.argsort(-np.nan_to_num(np.asarray(table["isophotal_flux"], float), nan=-np.inf))
    images, places, sky = [], [], []
    with fits.open(mosaic) as hdus:
        for row in table[order]:
            x, y = round(float(row["xcentroid"])), round(float(row["ycentroid"]))
            if min(x, y) < _HALF:
                continue
            image = hdus["SCI"].section[y - _HALF : y + _HALF + 1, x - _HALF : x + _HALF + 1]
            if image.shape == (2 * _HALF + 1,) * 2 and np.isfinite(image).all() and _has_a_peak(image):
                images.append(np.array(image, float))
                places.append((row["xcentroid"] - x + _HALF, row["ycentroid"] - y + _HALF))
                sky.append([row[name] for name in _SKY])
            if len(images) == _N:
                break
    return Stars(np.array(images), np.array(places, float), np.array(sky, float)) if images else None


def _has_a_peak(image: NDArray) -> bool:
    """Whether the middle is the brightest of a cutout, and well above most of it: no part of a nebula, nor an edge."""
    middle = image[_HALF - _NEAR : _HALF + _NEAR + 1, _HALF - _NEAR : _HALF + _NEAR + 1].max()
    return bool(
        middle == image.max() and middle - np.median(image) > _STEEP * (np.quantile(image, 0.9) - np.median(image))
    )


def cutouts(stars: Stars) -> str:
    """The stars side by side, each from its sky to its peak by asinh, as a data URI."""
    drawn = [stretched(image, (float(np.median(image)), float(image.max())), 0.05)[::-1] for image in stars.images]
    sheet = np.concatenate([np.pad(image, 1) for image in drawn], axis=1)
    file = io.BytesIO()
    Image.fromarray((255 * np.kron(sheet, np.ones((_ENLARGED, _ENLARGED)))).astype(np.uint8)).save(file, format="png")
    return data_uri(file.getvalue(), "png")


def profile(stars: Stars, fwhm: float) -> Markup:
    """Brightness against distance from the centre, each star, their median, a Gaussian of the band's width.

    Parameters
    ----------
    stars : Stars
    fwhm : float
        Of the band [pixel of the mosaic].
    """
    y, x = np.mgrid[: 2 * _HALF + 1, : 2 * _HALF + 1]
    edges = np.arange(0, _HALF, 0.5)
    middles = (edges[1:] + edges[:-1]) / 2
    pairs = zip(stars.images, stars.places, strict=True)
    curves = np.array([_curve(image, np.hypot(x - px, y - py), edges) for image, (px, py) in pairs])
    with drawing():
        figure = Figure(figsize=(4.2, 2.7))
        axes = figure.add_axes((0.17, 0.2, 0.81, 0.7))
        axes.plot(middles, curves.T, color=BEFORE, lw=0.6, alpha=0.6)
        known = np.isfinite(curves).any(axis=0)  # no pixel may be so near to the centre of a single star
        axes.plot(
            middles[known],
            np.nanmedian(curves[:, known], axis=0),
            color=COLOURS[0],
            lw=1.8,
            label="median of the stars",
        )
        width = fwhm / np.sqrt(8 * np.log(2))
        gauss = np.exp(-0.5 * (middles / width) ** 2)
        axes.plot(middles, gauss, "--", color=COLOURS[1], label="Gaussian of the band's FWHM")
        axes.set(yscale="log", ylim=(1e-4, 2), xlabel="distance from the centre [pixel]", ylabel="share of the peak")
        plain_decades(axes.yaxis)
        axes.legend(loc="upper right")
        return to_svg(figure, "Profile of the stars against the width of the band")


def _curve(image: NDArray, distance: NDArray, edges: NDArray) -> NDArray[np.float64]:
    """Mean brightness in rings, less the sky at the rim; 1 at the centre, NaN in an empty ring."""
    light = image - np.median(image[distance > _HALF - 3])
    number = np.digitize(distance.ravel(), edges) - 1
    inside = number < len(edges) - 1
    total = np.bincount(number[inside], light.ravel()[inside], len(edges) - 1)
    count = np.bincount(number[inside], minlength=len(edges) - 1)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return mean / np.nanmax(mean)
