"""Rays in stars are told from what stars leave of a fit."""

import numpy as np
import pytest

from app.pipeline.divided.star_cores import find_hits, look_at_stars
from app.pipeline.divided.star_profile import COLUMNS, ROWS, fit_stars, measure_profile
from tests.pipeline.divided.optical_stars import diffraction

SIDE, FWHM, NOISE = 128, 1.6, 0.03


def exposure(
    seed: int, shift: tuple[float, float], pairs: bool = False, scale: float = 1.0, noise: float = NOISE
) -> np.ndarray:
    """Stars with rings and spikes on a grid with random places in a pixel, displaced; each one of a pair if wanted.

    The scale is of the pixels of the first exposure in those of this one.
    """
    sky, random = np.random.default_rng(7), np.random.default_rng(seed)
    profile, image = diffraction(FWHM), random.normal(0, noise, (SIDE, SIDE))
    for y in range(12, SIDE - 8, 14):
        for x in range(12, SIDE - 8, 14):
            places = scale * (np.array([y, x]) + sky.uniform(-0.5, 0.5, 2)) + shift
            (cy, cx), (dy, dx) = (middle := np.rint(places).astype(int)), places - middle
            flux = np.exp(sky.uniform(np.log(20), np.log(2000)))
            for apart in (0.0, 1.3) if pairs else (0.0,):
                image[cy - 10 : cy + 11, cx - 10 : cx + 11] += flux * profile(
                    np.arange(-10, 11) - dy, np.arange(-10, 11) - dx - apart
                )
    return image


def look(image: np.ndarray, blot: np.ndarray, shift: tuple[float, float], scale: float = 1.0):
    everywhere = np.full_like(image, np.inf)
    y, x = np.indices(image.shape)
    pixels = np.stack([x - shift[1], y - shift[0]], axis=-1) / scale + 6000
    nothing = np.zeros(image.shape, bool)
    return look_at_stars(image, np.full_like(image, NOISE), blot, everywhere, nothing, FWHM, pixels)


SHIFTS = [(0.0, 0.0), (0.3, -0.4), (-0.2, 0.25)]


@pytest.mark.parametrize("pairs", [False, True])
def test_without_rays_nothing_is_found_in_stars_or_pairs(pairs):
    images = [exposure(i, shift, pairs) for i, shift in enumerate(SHIFTS)]
    tables = [look(image, np.median(images, axis=0), shift) for image, shift in zip(images, SHIFTS, strict=True)]
    assert all(len(table.places) >= 60 for table in tables)
    assert [len(rows) for rows, _ in find_hits(tables)] == [0, 0, 0]


def test_a_ray_in_the_core_of_a_star_is_found_and_nothing_else():
    images = [exposure(i, shift) for i, shift in enumerate(SHIFTS)]
    blot = np.median(images, axis=0)
    row, column = np.argwhere(blot == blot[30:60, 30:60].max())[0]
    images[1][row, column + 1] += 0.2 * blot[row, column]
    tables = [look(image, blot, shift) for image, shift in zip(images, SHIFTS, strict=True)]
    hits = find_hits(tables)
    assert [len(rows) for rows, _ in hits] == [0, 1, 0]
    assert (hits[1][0][0], hits[1][1][0]) == (row, column + 1)


def test_detectors_whose_pixels_have_other_sizes_show_the_same_stars_far_from_the_mosaics_first_pixel():
    """Detectors of NIRCam differ by up to 2 % in the size of their pixels."""
    scales = (1.0, 0.987, 1.005)
    cases = list(zip(SHIFTS, scales, strict=True))
    images = [exposure(i, shift, scale=scale) for i, (shift, scale) in enumerate(cases)]
    blots = [exposure(0, shift, scale=scale, noise=0.0) for shift, scale in cases]
    row, column = np.argwhere(blots[1] == blots[1][30:60, 30:60].max())[0]
    images[1][row, column + 1] += 0.6 * blots[1][row, column]
    tables = [look(image, blot, *case) for image, blot, case in zip(images, blots, cases, strict=True)]
    hits = find_hits(tables)
    assert [len(rows) for rows, _ in hits] == [0, 1, 0]
    assert (hits[1][0][0], hits[1][1][0]) == (row, column + 1)


def test_stars_that_have_no_place_on_the_sky_are_left_out():
    image = exposure(0, SHIFTS[0])
    whole = look(image, image, SHIFTS[0])
    everywhere = np.full_like(image, np.inf)
    y, x = np.indices(image.shape)
    pixels = np.stack([np.where(x < 40, np.nan, x), y], axis=-1).astype(float)
    table = look_at_stars(
        image, np.full_like(image, NOISE), image, everywhere, np.zeros(image.shape, bool), FWHM, pixels
    )
    assert 0 < len(table.places) < len(whole.places)
    assert len(table.places) == len(table.rows) == len(table.misfit)
    assert np.isfinite(table.places).all()


def test_two_exposures_do_not_say_which_of_them_was_hit():
    images = [exposure(i, shift) for i, shift in enumerate(SHIFTS[:2])]
    images[1][40:42, 40:42] += 30
    tables = [look(image, np.mean(images, axis=0), shift) for image, shift in zip(images, SHIFTS, strict=False)]
    assert [len(rows) for rows, _ in find_hits(tables)] == [0, 0]


def test_an_exposure_without_stars_has_an_empty_table():
    nothing = np.zeros((40, 40))
    table = look(nothing, np.full_like(nothing, np.nan), (0.0, 0.0))
    assert len(table.places) == 0
    assert [len(rows) for rows, _ in find_hits([table, table, table])] == [0, 0, 0]


def test_a_measured_profile_fits_better_than_a_gaussian():
    rng, true = np.random.default_rng(2), diffraction(1.3)
    places, flux = rng.uniform(-0.5, 0.5, (2, 300)), rng.uniform(300, 3000, 300)
    images = flux[:, None] * true.ev(ROWS - places[0][:, None], COLUMNS - places[1][:, None])
    images += rng.normal(0, NOISE, images.shape)
    variances = np.full_like(images, NOISE**2)
    start = np.zeros(300), np.zeros(300)
    stars = fit_stars(measure_profile(images[:200], variances[:200], 1.3), images, variances, start, 6)
    gaussian = fit_stars(measure_profile(images[:3], variances[:3], 1.3), images, variances, start, 6)
    misfit, before = (np.sqrt(np.mean((fit.residual[200:] / fit.flux[200:, None]) ** 2)) for fit in (stars, gaussian))
    assert misfit < 0.1 * before
    offsets = np.stack([stars.y, stars.x]) - places
    assert np.std(offsets[:, 200:]) < 0.005
