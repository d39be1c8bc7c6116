"""What the mosaic tells, against what the simulation knows: positions, sky, cosmic rays, fluxes."""

import json

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from photutils.aperture import CircularAperture, aperture_photometry
from stdatamodels.jwst import datamodels

from app.simulation import Truth, simulate_observation
from tests.runs import run

OUTLIER = 16  # JWST DQ flag
PROCS = 2


@pytest.fixture(scope="module")
def made(tmp_path_factory, crds):
    """Five MIRI dithers of 512 x 512 pixels, and what the main job made of them."""
    folder = tmp_path_factory.mktemp("truth")
    truth = simulate_observation(folder / "exposures", n_dithers=5)
    run(truth, folder / "out", crds, procs=PROCS)
    return truth, folder / "out"


def combined(truth: Truth, out_dir):
    """Each exposure's truth with its model as it went into the mosaic."""
    for exposure in truth.exposures:
        with datamodels.open(out_dir / exposure.file.replace("_cal", "_crf")) as model:
            yield exposure, model


def test_pointing_errors_are_recovered_to_3_mas(made):
    """Offsets between exposures: their common part cannot be known without an absolute catalogue."""
    residuals = []
    x, y = np.meshgrid(np.linspace(20, 490, 8), np.linspace(20, 490, 8))
    for exposure, model in combined(*made):
        found = SkyCoord(*model.meta.wcs(x, y), unit="deg")
        east, north = SkyCoord(*exposure.wcs()(x, y), unit="deg").spherical_offsets_to(found)
        residuals.append([east.arcsec.mean(), north.arcsec.mean()])
    errors = np.array([exposure.pointing_error for exposure in made[0].exposures])
    assert np.std(errors, axis=0).max() > 0.03  # there was something to recover
    assert np.abs(np.array(residuals) - np.mean(residuals, axis=0)).max() < 0.003


def test_the_alignment_is_verified(made):
    judged = json.loads((made[1] / "lv3_run.json").read_text())["alignment_verdict"]
    assert judged["verdict"] == "verified"
    assert judged["n_compared"] == judged["n_overlaps"] == 10
    assert judged["median_offset"] < judged["worst_corner"] < 0.01
    assert 80 < judged["n_parts"] <= 90  # 3 x 3 of ten overlaps
    assert judged["pulls"] > 0.8
    assert judged["worst_part"]["length"] < 0.01


def test_sky_offsets_are_recovered_to_2_percent(made):
    levels = np.array([model.meta.background.level for _, model in combined(*made)])
    truth = np.array([exposure.sky_offset for exposure in made[0].exposures])
    difference = (levels - levels.mean()) - (truth - truth.mean())
    assert np.abs(difference).max() < 0.02 * np.ptp(truth)


def test_cosmic_rays_are_flagged_and_good_pixels_are_not(made):
    hit = flagged = false = good = 0
    for exposure, model in combined(*made):
        outlier = (model.dq & OUTLIER) > 0
        rays = exposure.cosmic_rays
        with fits.open(made[0].folder / exposure.file) as before:
            error = before["ERR"].data[rays.y, rays.x]
        strong = rays.amplitude > 10 * error
        hit += strong.sum()
        flagged += outlier[rays.y, rays.x][strong].sum()
        untouched = np.ones(outlier.shape, dtype=bool)
        untouched[rays.y, rays.x] = False
        false += (outlier & untouched).sum()
        good += untouched.sum()
    assert flagged / hit >= 0.98
    assert false / good < 5e-5


def test_fluxes_of_isolated_stars_are_right_to_2_percent(made):
    truth, out_dir = made
    with datamodels.open(out_dir / "ngc0628_miri_lv3_f770w_i2d.fits") as mosaic:
        data, wcs, area = np.array(mosaic.data), mosaic.meta.wcs, mosaic.meta.photometry.pixelarea_steradians
    stars = truth.sky.stars
    x, y = wcs.invert(stars.ra, stars.dec, with_bounding_box=False)
    separation = np.hypot(x[:, None] - x, y[:, None] - y) + 1e9 * np.eye(len(x))
    inside = (x > 40) & (y > 40) & (x < data.shape[1] - 40) & (y < data.shape[0] - 40)
    chosen = inside & (separation.min(axis=0) > 25) & (stars.flux > np.median(stars.flux))
    assert chosen.sum() >= 5
    radius = 3 * truth.fwhm
    ratios = []
    for cx, cy, flux in zip(x[chosen], y[chosen], stars.flux[chosen], strict=True):
        aperture, annulus = CircularAperture((cx, cy), radius), CircularAperture((cx, cy), 2 * radius)
        inner = aperture_photometry(data, aperture)["aperture_sum"][0]
        outer = aperture_photometry(data, annulus)["aperture_sum"][0]
        local = (outer - inner) / (annulus.area - aperture.area)
        ratios.append((inner - local * aperture.area) * area * 1e12 / flux)
    assert abs(np.median(ratios) - 1) < 0.02, ratios
