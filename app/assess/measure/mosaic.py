"""The mosaic: how much sky it covers, how deep, and how sharp."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from app.assess.measure.boxes import spread_boxes
from app.assess.measure.contribution import sampled
from app.assess.measure.correlated_noise import CorrelatedNoise, measure_correlation
from app.assess.measure.frames import SR_TO_ARCSEC2, footprint, read_wcs
from app.assess.measure.stars import Stars, find_stars
from app.observation.scatter import PER_MAD
from app.observation.sky_points import box_values
from app.pipeline.solution.centring import RING

__all__ = ["Mosaic", "measure_mosaic"]

Array = NDArray[np.float64]

#: Side of the boxes in which the noise is measured [pixel], and how many.
NOISE_BOX, N_NOISE_BOXES = 16, 400
#: Side of the part of the mosaic in which the width of stars is measured [pixel].
PSF_FIELD = 2048
#: Stars whose width is measured, and the distance that makes one isolated, in widths of the PSF.
N_PSF_STARS, ISOLATED = 30, 6.0
FEWEST_PSF_STARS = 3


@dataclass(frozen=True, slots=True)
class Mosaic:
    """What was measured on the mosaic.

    Parameters
    ----------
    file : str
        Name of the file.
    shape : (int, int)
        Rows and columns.
    unit : str
        Of the data.
    pixel_scale : float
        [arcsec].
    footprint : list of (float, float)
        Corners of the frame [deg].
    coverage : float
        Sky with data [arcmin2].
    exposures : dict of str to float
        Share of the covered sky by number of exposures; empty where the mosaic does not say.
    depth : float or None
        Scatter of pixels in the emptiest parts, in the unit of the data; drizzling correlates neighbours, which makes
        it less than `noise`, and structure of the sky makes it larger.
    noise : float or None
        Error of a pixel that the mosaic states (ERR) in the faintest parts, in the unit of the data; None where it has
        none.
    correlated_noise : CorrelatedNoise or None
        What the noise of pixels and of apertures is to that error; None where there is no error or no empty sky.
    fwhm : float or None
        Width of isolated stars [arcsec].
    n_psf_stars : int
        Number of stars that were measured.
    """

    file: str
    shape: tuple[int, int]
    unit: str
    pixel_scale: float
    footprint: list[tuple[float, float]]
    coverage: float
    exposures: dict[str, float]
    depth: float | None
    noise: float | None
    correlated_noise: CorrelatedNoise | None
    fwhm: float | None
    n_psf_stars: int


def measure_mosaic(path: Path, fwhm: float, detector_scale: float) -> Mosaic:
    """Measure a mosaic, reading no more of it than a sample.

    Parameters
    ----------
    path : Path
        ``*_i2d.fits``.
    fwhm : float
        Width of the PSF [arcsec], to know what to look for.
    detector_scale : float
        Side of the detectors' pixels [arcsec].
    """
    with fits.open(path, memmap=False) as hdus:  # of a mapped array, a system keeps much more than what is looked at
        image, header = hdus["SCI"].section, hdus["SCI"].header
        scale = float(np.sqrt(header["PIXAR_SR"] * SR_TO_ARCSEC2))
        covered, by_number = _coverage(hdus)
        width, n_stars = _psf(_middle(image), fwhm / scale)
        return Mosaic(
            file=path.name,
            shape=image.shape,
            unit=str(header.get("BUNIT", "")),
            pixel_scale=scale,
            footprint=[(float(ra), float(dec)) for ra, dec in footprint(read_wcs(hdus), image.shape)],
            coverage=covered * float(np.prod(image.shape)) * scale**2 / 3600,
            exposures=by_number,
            depth=_depth(image),
            noise=_noise(hdus),
            correlated_noise=(
                measure_correlation(image, hdus["ERR"].section, scale / detector_scale) if "ERR" in hdus else None
            ),
            fwhm=None if width is None else width * scale,
            n_psf_stars=n_stars,
        )


def _coverage(hdus: fits.HDUList) -> tuple[float, dict[str, float]]:
    """Share of the frame with data, and the shares of that by number of exposures, from a sample of pixels."""
    covered = sampled(hdus["WHT"].section) > 0
    if "CON" not in hdus or not covered.any():
        return float(covered.mean()), {}
    context = sampled(hdus["CON"].section).astype(np.uint32)
    numbers = np.bitwise_count(context).sum(axis=0)[covered]
    values, counts = np.unique(numbers, return_counts=True)
    return float(covered.mean()), {str(v): float(c / len(numbers)) for v, c in zip(values, counts, strict=True)}


def _depth(image: Any) -> float | None:
    """Noise [unit of the image]: the lower quartile of robust scatters in small boxes, in the faintest parts."""
    boxes = spread_boxes(image, NOISE_BOX, N_NOISE_BOXES)
    boxes = boxes[np.isfinite(boxes).all(axis=(1, 2))]
    if not len(boxes):
        return None
    middle = np.median(boxes, axis=(1, 2), keepdims=True)
    scatters = PER_MAD * np.median(np.abs(boxes - middle), axis=(1, 2)).astype(float)
    return float(np.quantile(scatters, 0.25))


def _noise(hdus: fits.HDUList) -> float | None:
    """Lower quartile of the errors [unit of the image]: photons of sources add to the others."""
    errors = sampled(hdus["ERR"].section) if "ERR" in hdus else np.empty(0)
    errors = errors[np.isfinite(errors) & (errors > 0)]
    return float(np.quantile(errors, 0.25)) if errors.size else None


def _middle(image: Any) -> NDArray:
    """The part of an image around its centre."""
    y, x = (max(0, (n - PSF_FIELD) // 2) for n in image.shape)
    return image[y : y + PSF_FIELD, x : x + PSF_FIELD]


def _psf(image: NDArray, fwhm: float) -> tuple[float | None, int]:
    """Median width [pixel] of isolated stars, and their number; None for fewer than three."""
    from photutils.psf import fit_fwhm

    half = int(np.ceil(RING * fwhm))
    places = _isolated(find_stars(image, fwhm), ISOLATED * fwhm)
    places = places[np.all((places > half) & (places < np.array(image.shape[::-1]) - half - 1), axis=1)][:N_PSF_STARS]
    strip, xypos = _side_by_side(image, places, half)
    if len(xypos) < FEWEST_PSF_STARS:
        return None, 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AstropyWarning)  # a fit that does not converge is left out below
        widths = fit_fwhm(strip, xypos=xypos, fwhm=fwhm, fit_shape=2 * int(fwhm) + 3)
    good = widths[(widths > 0.5 * fwhm) & (widths < 3 * fwhm)]
    return (float(np.median(good)), len(good)) if len(good) >= FEWEST_PSF_STARS else (None, 0)


def _side_by_side(image: NDArray, places: Array, half: int) -> tuple[Array, Array]:
    """Boxes around stars, less the level at their borders, as one image, and the stars' places in it.

    One fit of many stars is much quicker than many fits.
    """
    columns, rows = np.rint(places).astype(int).T
    boxes = box_values(image, columns, rows, half)
    border = np.concatenate([boxes[:, 0], boxes[:, -1], boxes[:, :, 0], boxes[:, :, -1]], axis=1)
    boxes -= np.median(border, axis=1)[:, None, None]
    complete = np.isfinite(boxes).all(axis=(1, 2))
    side = 2 * half + 1
    offsets = (places - np.stack([columns, rows], axis=1))[complete] + half
    offsets[:, 0] += side * np.arange(len(offsets))
    return np.hstack([np.empty((side, 0)), *boxes[complete]]), offsets


def _isolated(stars: Stars, distance: float) -> Array:
    """Places of the brightest stars with no other so near [pixel], shape (n, 2)."""
    places = np.stack([stars.x, stars.y], axis=1)
    if len(places) < 2:
        return places
    nearest = cKDTree(places).query(places, k=2)[0][:, 1]
    return places[nearest > distance]
