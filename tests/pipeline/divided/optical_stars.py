"""Stars that are not Gaussians: a telescope's diffraction rings and spikes, added to simulated exposures."""

import numpy as np
from astropy.io import fits
from scipy.interpolate import RectBivariateSpline
from scipy.ndimage import uniform_filter1d
from scipy.special import j1

from app.simulation import Scene, Truth

#: Points of the fine grid a pixel, and half its side [pixel].
FINE, REACH = 9, 20
#: Diameter of the obscuration over that of the mirror.
OBSCURED = 0.25


def diffraction(fwhm: float) -> RectBivariateSpline:
    """What share of a star's light a pixel catches, by how far it is: rings of an obscured mirror, with six spikes."""
    axis = np.arange(-REACH * FINE, REACH * FINE + 1) / FINE
    y, x = np.meshgrid(axis, axis, indexing="ij")
    radius = np.hypot(x, y)
    u = np.maximum(np.pi * radius / fwhm, 1e-6)
    amplitude = 2 * j1(u) / u - OBSCURED * 2 * j1(OBSCURED * u) / u
    light = amplitude**2 * (1 + 0.6 * np.cos(6 * np.arctan2(y, x)) * (1 - np.exp(-((radius / fwhm / 1.5) ** 2))))
    for along in (0, 1):
        light = uniform_filter1d(light, FINE, axis=along, mode="constant")
    return RectBivariateSpline(axis, axis, light * FINE**2 / light.sum())


def add_stars(truth: Truth, scene: Scene, peaks: tuple[float, float], rng: np.random.Generator) -> None:
    """Add stars with rings and spikes where the truth has its faint ones, in place, with their photon noise.

    Their peaks [MJy/sr] are drawn between two limits, evenly in the logarithm.
    """
    profile, offsets = diffraction(truth.fwhm), np.arange(-REACH + 2, REACH - 1)
    n = len(truth.sky.stars.ra)
    flux = np.exp(rng.uniform(*np.log(peaks), n)) / profile(0, 0)[0, 0]
    for exposure, path in zip(truth.exposures, truth.files, strict=True):
        places = exposure.wcs().invert(truth.sky.stars.ra, truth.sky.stars.dec, with_bounding_box=False)
        light = np.zeros(np.add(exposure.window.shape, 2 * REACH))
        for x, y, bright in zip(*places, flux, strict=True):
            column, row = round(float(x)), round(float(y))
            if not (0 <= row < exposure.window.shape[0] and 0 <= column < exposure.window.shape[1]):
                continue
            stamp = profile(row + offsets - y, column + offsets - x)
            light[np.ix_(row + offsets + REACH, column + offsets + REACH)] += bright * stamp
        light = light[REACH:-REACH, REACH:-REACH]
        with fits.open(path, mode="update") as file:
            variance = scene.photon_variance * light.clip(0)
            file["SCI"].data += (light + rng.standard_normal(light.shape) * np.sqrt(variance)).astype(np.float32)
            file["VAR_POISSON"].data += variance.astype(np.float32)
            file["ERR"].data = np.sqrt(file["VAR_POISSON"].data + file["VAR_RNOISE"].data)
