"""Undersampled, displaced stars are spared, and rays are found."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from numpy.typing import NDArray
from scipy.special import ndtr
from stcal.outlier_detection.utils import _abs_deriv

from app.pipeline.divided.spare_stars import find_outliers, tolerated, tolerated_share, usual_noise
from app.simulation import Faults, Scene, Truth, simulate_observation
from tests.pipeline.divided.both import ours
from tests.pipeline.divided.optical_stars import add_stars

SIZE = 13
OUTLIER = 16  # JWST DQ flag


def star(x: float, y: float, fwhm: float) -> np.ndarray:
    """A Gaussian star of flux 1, integrated over the pixels."""
    sigma, pixels = fwhm / 2.3548, np.arange(SIZE)
    along = [ndtr((pixels + 0.5 - c) / sigma) - ndtr((pixels - 0.5 - c) / sigma) for c in (y, x)]
    return np.outer(*along)


def moved(image: np.ndarray, x: float, y: float) -> np.ndarray:
    """What drizzling with whole pixels onto a displaced grid gives, and what a blot does: bilinear interpolation."""
    for axis, shift in ((1, x), (0, y)):
        whole = int(np.floor(shift))
        low, high = (np.roll(image, -(whole + step), axis) for step in (0, 1))
        image = (1 - (shift - whole)) * low + (shift - whole) * high
    return image


@pytest.mark.parametrize("fwhm", [1.2, 1.3, 1.6, 2.0, 2.5])
def test_the_bound_holds_for_stars_at_any_place_displaced_by_a_third_of_a_pixel(fwhm):
    rng = np.random.default_rng(1)
    worst = 0.0
    for n in (3, 4, 6):
        for _ in range(300):
            places, angles = rng.uniform(-0.5, 0.5, (n, 2)), rng.uniform(0, 2 * np.pi, n)
            true = places + np.stack([np.cos(angles), np.sin(angles)], axis=1) * 10 / 31
            images = [star(*(SIZE // 2 + place), fwhm) for place in true]
            median = np.median([moved(image, *place) for image, place in zip(images, places, strict=True)], axis=0)
            blot = moved(median, *-places[0])
            steps = _abs_deriv(blot)
            seen = np.abs(images[0] - blot) > 1e-4
            worst = max(worst, np.max(np.abs(images[0] - blot)[seen] / steps[seen], initial=0))
    assert 0.6 * tolerated_share(fwhm) < worst < tolerated_share(fwhm)


def test_a_ray_that_raised_its_own_error_is_found():
    data, error = np.zeros((2, 9, 9), np.float32)
    error[:] = 0.05
    data[4, 4], error[4, 4] = 0.6, 0.66
    noise = usual_noise(error, np.full_like(data, 0.05))
    found = find_outliers(data, noise, np.zeros_like(data), np.zeros_like(data), (5.0, 4.0))
    np.testing.assert_array_equal(np.argwhere(found), [[4, 4]])


def test_in_a_core_a_ray_is_found_where_it_outshines_the_star():
    blot = 100 * star(6.0, 6.0, 2.0).astype(np.float32)
    noise = np.full_like(blot, 0.05)
    for light, n_found in ((120.0, 1), (3.0, 0)):
        data = blot.copy()
        data[6, 6] += light
        assert find_outliers(data, noise, blot, tolerated(blot, 1.3), (5.0, 4.0)).sum() == n_found


def test_nothing_is_found_where_there_is_no_median():
    data, nothing = np.full((5, 5), 9.0, np.float32), np.full((5, 5), np.nan, np.float32)
    noise = usual_noise(np.ones_like(data), nothing)
    assert not find_outliers(data, noise, nothing, tolerated(nothing, 2.0), (5.0, 4.0)).any()


def hit_cores(truth: Truth, rng: np.random.Generator) -> list[NDArray[np.float64]]:
    """Add a ray of 8 to 500 times the noise to the core of every n-th star of an exposure, of others in each."""
    added = []
    for number, exposure in enumerate(truth.exposures):
        x, y = exposure.wcs().invert(truth.sky.stars.ra, truth.sky.stars.dec, with_bounding_box=False)
        chosen = np.arange(len(x)) % len(truth.exposures) == number
        chosen &= (np.minimum(x, y) > 25) & (np.maximum(x, y) < 167)
        columns, rows = (np.rint(a[chosen]).astype(int) for a in (x, y))
        light = np.zeros((192, 192))
        with fits.open(truth.files[number], mode="update") as file:
            noise = file["ERR"].data[rows, columns]
            light[rows, columns] = np.nan_to_num(noise * np.exp(rng.uniform(np.log(8), np.log(500), len(rows))))
            file["SCI"].data += light.astype(np.float32)
        added.append(light)
    return added


SKIPPED = {"tweakreg": {"skip": True}, "skymatch": {"skip": True}, "resample": {"skip": True}}


@pytest.mark.parametrize("stars", ["Gaussian", "diffraction"])
@pytest.mark.parametrize(("band", "n"), [("F115W", 3), ("F150W", 5)])
def test_cores_are_whole_and_rays_are_flagged(band, n, stars, tmp_path, crds):
    """Stars up to saturation, 10 mas of residual misalignment; the tolerance was set on Gaussians."""
    peaks = (1.0, 5000.0)
    scene = Scene(
        n_stars=40, star_peaks=peaks if stars == "Gaussian" else (1e-6, 2e-6), diffuse_peak=0.0,
        faults=Faults(pointing_error=0.01, sky_offset=0.0, n_cosmic_rays=40),
    )  # fmt: skip
    truth = simulate_observation(
        tmp_path / "obs", band=band, detectors=("NRCA1",), window=(192, 192), n_dithers=n, dither_size=0.35, scene=scene
    )
    if stars == "diffraction":
        add_stars(truth, scene, peaks, np.random.default_rng(4))
    rays = hit_cores(truth, np.random.default_rng(2))
    made = ours(truth, tmp_path, crds, SKIPPED, outliers="spare_stars", procs=1)
    off_cores, in_cores, cores, others = count(truth, rays, made.exposures)
    least_off, least_in, wrong = {"Gaussian": (0.97, 0.8, 5e-5), "diffraction": (0.88, 0.7, 3e-4)}[stars]
    assert cores[1] == 0
    assert off_cores[1] >= least_off * off_cores[0]
    assert in_cores[1] >= least_in * in_cores[0]
    assert others[1] < wrong * others[0]


def count(truth: Truth, rays: list[NDArray[np.float64]], paths: list[Path]) -> NDArray[np.int64]:
    """Pixels of rays above 8 sigma off cores and in them, of cores without a ray, and all others; and those flagged."""
    counts = np.zeros((4, 2), int)
    for exposure, path, added in zip(truth.exposures, paths, rays, strict=True):
        with fits.open(truth.folder / exposure.file) as before, fits.open(path) as after:
            flagged, error = (after["DQ"].data & OUTLIER) > 0, before["ERR"].data
            usable = (before["DQ"].data & 1) == 0
        y, x = np.indices(flagged.shape)
        stars = np.transpose(exposure.wcs().invert(truth.sky.stars.ra, truth.sky.stars.dec, with_bounding_box=False))
        near = np.min([np.hypot(x - star_x, y - star_y) for star_x, star_y in stars], axis=0)
        core = near <= max(1.0, truth.fwhm / 2)
        added[exposure.cosmic_rays.y, exposure.cosmic_rays.x] += exposure.cosmic_rays.amplitude
        usable &= (np.minimum(x, y) > 25) & (np.maximum(x, y) < 167)  # all exposures see it
        strong, quiet = usable & (added > 8 * error), usable & (added == 0)
        for row, pixels in enumerate((strong & ~core, strong & core, quiet & core, quiet & ~core)):
            counts[row] += pixels.sum(), (pixels & flagged).sum()
    return counts
