"""Stars whose truth is known, measured in exposures and in what is made of them."""

import numpy as np
from photutils.aperture import CircularAnnulus, CircularAperture

from app.simulation import Truth

RADIUS = 5.0
ALONE = 13.0


def bright_stars(truth: Truth, exposure) -> np.ndarray:
    """Right ascension and declination [deg] of bright stars that are alone, and far from the edge of an exposure."""
    stars = truth.sky.stars
    x, y = exposure.meta.wcs.invert(stars.ra, stars.dec, with_bounding_box=False)
    ny, nx = exposure.shape
    inside = (x > ALONE) & (x < nx - ALONE) & (y > ALONE) & (y < ny - ALONE)
    distance = np.hypot(x - x[:, None], y - y[:, None]) + np.diag(np.full(x.size, np.inf))
    chosen = inside & (distance.min(axis=0) > ALONE) & (stars.flux > 20)
    return np.array([stars.ra[chosen], stars.dec[chosen]])


def aperture_flux(image, sky: np.ndarray, pixel: float = 1.0) -> np.ndarray:
    """Flux [uJy] in circular apertures, without the sky around; NaN where a pixel is flagged.

    `pixel` is the side of the image's pixels in those of the exposures, for apertures of one size on the sky.
    """
    places = np.transpose(image.meta.wcs.invert(*sky))
    area = image.meta.photometry.pixelarea_steradians * (image.area if image.hasattr("area") else 1.0)
    rings = CircularAnnulus(places, 8 / pixel, 12 / pixel).to_mask(method="center")
    apertures = CircularAperture(places, RADIUS / pixel).to_mask(method="exact")
    return np.array([
        np.sum(aperture.multiply((image.data - np.nanmedian(ring.get_values(image.data))) * area * 1e12))
        for aperture, ring in zip(apertures, rings, strict=True)
    ])  # fmt: skip
