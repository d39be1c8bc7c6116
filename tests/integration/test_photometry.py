"""Stars through every step of a run: what the mosaic says of their light and places, against the truth."""

import numpy as np
import pytest
from astropy.io import fits
from numpy.typing import NDArray

from app.assess.measure.frames import read_wcs
from app.simulation import Faults, Scene, simulate_observation
from tests.runs import run

#: Apertures that hold all the light of a star, so that nothing has to be known of its profile; level beside it [pixel].
RADIUS, INNER, OUTER = 6.0, 8.0, 11.0


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    """Stars of all brightnesses up to saturation, 1.6 pixels wide, in four exposures that are displaced."""
    scene = Scene(
        n_stars=60, star_peaks=(30.0, 5000.0), diffuse_peak=0.0, faults=Faults(pointing_error=0.05, n_cosmic_rays=40)
    )
    folder = tmp_path_factory.mktemp("photometry") / "exposures"
    return simulate_observation(
        folder, band="F150W", detectors=("NRCA1",), window=(256, 256), n_dithers=4, dither_size=0.3, scene=scene
    )


def measure(image: NDArray, x: float, y: float) -> tuple[float, float, float]:
    """Light within an aperture, and its centre of gravity: x and y."""
    rows, columns = np.indices(image.shape)
    distance = np.hypot(columns - x, rows - y)
    level = np.median(image[(distance > INNER) & (distance < OUTER)])
    share = np.clip(RADIUS + 0.5 - distance, 0, 1)  # of each pixel within the aperture
    light = share * (image - level)
    return light.sum(), (light * columns).sum() / light.sum(), (light * rows).sum() / light.sum()


@pytest.mark.parametrize("outliers", ["observatory", "spare_stars"])
def test_light_and_places_of_stars(outliers, truth, tmp_path, crds):
    parameters = {"source_catalog": {"skip": True}}
    run(
        truth,
        tmp_path,
        crds,
        outliers=outliers,
        alignment="solution",
        jwst_parameters=parameters,
    )
    with fits.open(next(tmp_path.glob("*_i2d.fits"))) as file:
        image, header, weight = file["SCI"].data.astype(float), file["SCI"].header, file["WHT"].data
        wcs, stars, scale = read_wcs(file), truth.sky.stars, np.sqrt(header["PIXAR_A2"])
    places = np.stack(wcs.invert(stars.ra, stars.dec, with_bounding_box=False), axis=1)
    ratios, offsets, fluxes = [], [], []
    for (x, y), flux in zip(places, stars.flux, strict=True):
        column, row = round(x), round(y)
        cut = np.s_[row - 14 : row + 15, column - 14 : column + 15]
        if min(row, column) < 14 or image[cut].shape != (29, 29) or (weight[cut] < 0.7 * np.nanmax(weight)).any():
            continue
        light, found_x, found_y = measure(image[cut], x - column + 14, y - row + 14)
        ratios.append(light * header["PIXAR_SR"] * 1e12 / flux)  # MJy to uJy
        offsets.append((found_x - 14 + column - x, found_y - 14 + row - y))
        fluxes.append(flux)
    ratios, offsets, bright = np.array(ratios), np.array(offsets) * scale, np.argsort(fluxes)
    offsets -= np.median(offsets, axis=0)  # where all lie together no one knows without a catalogue
    assert len(ratios) >= 40
    assert np.median(ratios) == pytest.approx(1, abs=0.002)
    thirds = [np.median(ratios[part]) for part in np.array_split(bright, 3)]
    assert thirds == pytest.approx([1, 1, 1], abs=0.003)  # the faintest are known to some 0.1 percent
    assert np.abs(offsets).max() < 0.001
