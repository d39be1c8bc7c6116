"""The light that falls on a detector: stars as Gaussians, smooth light from a spline, clouds pixel by pixel."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from gwcs.wcs import WCS
from numpy.typing import NDArray
from scipy.interpolate import RectBivariateSpline
from scipy.special import ndtr

from app.simulation.detectors import Detector, Window
from app.simulation.sky import Sky, Stars

__all__ = ["ARCSEC2_TO_SR", "render", "star_pixels", "window_area"]

Array = NDArray[np.float64]

ARCSEC2_TO_SR = np.radians(1 / 3600) ** 2
#: Half the side of a star's stamp, in standard deviations: what is left out is below 1e-6 of the flux.
STAMP_SIGMAS = 5.0
#: Distance of the nodes of the spline [pixel].
NODE_STEP = 16
FWHM_PER_SIGMA = 2 * np.sqrt(2 * np.log(2))


def on_nodes(function: Callable[[Array, Array], Array], shape: tuple[int, int]) -> Array:
    """Evaluate a smooth function of (x, y) on an array of pixels, by a cubic spline through coarse nodes."""
    y_nodes, x_nodes = (np.linspace(-0.5, size - 0.5, max(size // NODE_STEP, 4)) for size in shape)
    x, y = np.meshgrid(x_nodes, y_nodes)
    spline = RectBivariateSpline(y_nodes, x_nodes, function(x, y))
    return spline(np.arange(shape[0]), np.arange(shape[1]))


def window_area(detector: Detector, window: Window) -> Array:
    """Solid angle of every pixel, relative to the reference pixel's (extension AREA)."""

    def relative(x: Array, y: Array) -> Array:
        return detector.solid_angle(x + window.x_start - 1, y + window.y_start - 1) / detector.pixel_area

    return on_nodes(relative, window.shape)


def star_pixels(stars: Stars, wcs: WCS) -> tuple[Array, Array]:
    """Where the stars fall [pixel, from 0], inside the window or not."""
    x, y = wcs.backward_transform(stars.ra, stars.dec)
    return x, y


def render(sky: Sky, wcs: WCS, detector: Detector, area: Array, fwhm: float) -> Array:
    """Surface brightness that a perfect detector would measure [MJy/sr].

    Parameters
    ----------
    sky : Sky
    wcs : gwcs.wcs.WCS
        The true one.
    detector : Detector
    area : ndarray
        Relative solid angle of the pixels; its shape is that of the result.
    fwhm : float
        Full width of the PSF at half its maximum [pixel].
    """
    light = on_nodes(lambda x, y: sky.diffuse(*wcs(x, y, with_bounding_box=False)), area.shape)
    if sky.emission is not None:  # too fine for the spline
        y, x = np.indices(area.shape).astype(float)
        light += sky.emission.brightness(*wcs(x, y, with_bounding_box=False))
    x, y = star_pixels(sky.stars, wcs)
    starlight = np.zeros(area.shape)
    _add_stars(starlight, x, y, sky.stars.flux, fwhm / FWHM_PER_SIGMA)
    # uJy = 1e-12 MJy; what a pixel catches is spread over the solid angle that it sees.
    return light + starlight * 1e-12 / (area * detector.pixel_area * ARCSEC2_TO_SR)


def _add_stars(image: Array, x: Array, y: Array, flux: Array, sigma: float) -> None:
    """Add Gaussians, integrated over the pixels, to an image in place; ``x``, ``y``, ``flux`` have shape (n,)."""
    half = int(np.ceil(STAMP_SIGMAS * sigma)) + 1
    ny, nx = image.shape
    near = (x > -half) & (x < nx + half) & (y > -half) & (y < ny + half)
    x, y, flux = x[near], y[near], flux[near]
    offsets = np.arange(-half, half + 1)
    columns, rows = (np.rint(centre).astype(int)[:, None] + offsets for centre in (x, y))
    stamps = (
        flux[:, None, None]
        * _profile(rows - y[:, None], sigma)[:, :, None]
        * _profile(columns - x[:, None], sigma)[:, None, :]
    )
    row, column = np.broadcast_arrays(rows[:, :, None], columns[:, None, :])
    inside = (row >= 0) & (row < ny) & (column >= 0) & (column < nx)
    np.add.at(image, (row[inside], column[inside]), stamps[inside])


def _profile(offset: Array, sigma: float) -> Array:
    """Share of a one-dimensional Gaussian that falls into the pixel at this offset."""
    return ndtr((offset + 0.5) / sigma) - ndtr((offset - 0.5) / sigma)
