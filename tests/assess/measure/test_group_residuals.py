"""Residuals between groups, and whether their errors are true: on exposures that are where they should be."""

from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
from stdatamodels.jwst import datamodels

from app.assess.findings.group_residuals import width
from app.assess.measure.exposure import measure_exposure
from app.assess.measure.group_residuals import residuals
from app.assess.measure.overlaps import compare
from app.assess.measure.position_errors import PositionErrors, located, position_errors, true_variance
from app.simulation import Scene
from app.simulation.detectors import detector
from app.simulation.observation import simulate_grid
from tests.assess.measure.test_overlaps import exposure
from tests.pipeline.solution.diffraction import diffracted

#: Band, detector, wavelength of stars as diffraction draws them [micron] (0: Gaussians), limits of their peaks.
SKIES = {
    "sampled": ("F770W", "MIRIMAGE", 0.0, (2.0, 200.0)),
    "rings and spikes": ("F770W", "MIRIMAGE", 7.7, (2.0, 200.0)),
    "undersampled": ("F115W_nircam", "NRCB1", 1.15, (5.0, 200.0)),
}


def at_the_truth(folder, band, name, wavelength, peaks):
    """Exposures of four pointings, two dithers each, with their true WCS; pixel scale and width of the PSF."""
    pixel = float(np.sqrt(detector(name).pixel_area))
    with diffracted(wavelength, pixel) if wavelength else nullcontext():
        truth = simulate_grid(
            folder, n_pointings=4, overlap=0.3, detectors=(name,), window=(224, 224), band=band, seed=3,
            scene=Scene(n_stars=60, random_stars=True, star_peaks=peaks),
        )  # fmt: skip
    centre = tuple(map(float, truth.exposures[0].wcs()(112, 112, with_bounding_box=False)))
    measured = []
    for taken in truth.exposures:
        before, after = folder / taken.file, folder / f"true_{taken.file}"
        with datamodels.open(before) as model:
            model.meta.wcs = taken.wcs()
            model.save(after)
        options = {"centre": centre, "spacing": 4 * pixel, "fwhm": truth.fwhm, "pixel_scale": pixel}
        measured.append(measure_exposure((before, after), **options))
    return measured, pixel, truth.fwhm


@pytest.mark.parametrize("sky", SKIES)
def test_offsets_are_as_wide_as_their_errors(tmp_path, sky):
    """Errors by the noise of pixels alone are wrong by a factor of 2 (rings and spikes) to 4 (undersampled)."""
    measured, pixel, fwhm = at_the_truth(tmp_path, *SKIES[sky])
    overlaps = compare(measured, 0.6 * fwhm * pixel)
    true = position_errors(measured, overlaps, pixel)
    found = residuals(measured, [m.name for m in measured], overlaps, true)
    pulls = np.concatenate([part.offset / part.error for pair in found for part in pair.parts.values()])
    assert len(pulls) > 80
    assert 0.8 < width(pulls) < 1.2
    assert true.factor == pytest.approx({"rings and spikes": 2.0}.get(sky, 1.1), rel=0.25)
    assert true.added / pixel == pytest.approx({"undersampled": 0.01}.get(sky, 0.0), abs=0.003)


def pair_of(stars, moved, errors=0.003):
    """Two exposures, and what they are compared by."""
    rng = np.random.default_rng(4)
    one, other = (
        replace(exposure(name, at + rng.normal(0, errors, at.shape)), star_errors=np.full(len(at), errors))
        for name, at in (("a", stars), ("b", moved))
    )
    return [one, other], compare([one, other], 0.16)


@pytest.fixture
def stars():
    return np.random.default_rng(2).uniform(-30, 30, (120, 2))


def test_a_part_that_is_displaced_shows_and_the_others_do_not(stars):
    """The stars of one ninth are 0.05 arcsec to the east, which a shift or a rotation of all cannot tell."""
    displaced = np.all(stars > 10, axis=1)
    exposures, overlaps = pair_of(stars, stars + displaced[:, None] * [0.05, 0.0])
    (found,) = residuals(exposures, ["a", "b"], overlaps, PositionErrors(1.0, 0.0))
    assert (found.first, found.second, found.whole.n_stars) == ("a", "b", 120)
    assert set(found.parts) == {(column, row) for column in range(3) for row in range(3)}
    np.testing.assert_allclose(found.parts[2, 2].offset, [-0.05, 0.0], atol=5 * found.parts[2, 2].error)
    others = [part for place, part in found.parts.items() if place != (2, 2)]
    assert max(np.hypot(*part.offset) / part.error for part in others) < 4
    assert sum(part.n_stars for part in found.parts.values()) == 120


def test_groups_are_compared_by_mean_places_and_count_a_star_once(stars):
    """Twice the exposures: half the variance, and the same stars."""
    exposures, overlaps = pair_of(stars, stars)
    (alone,) = residuals(exposures, ["a", "b"], overlaps, PositionErrors(1.0, 0.0))
    rng = np.random.default_rng(7)
    more = [replace(e, stars_after=stars + rng.normal(0, 0.003, stars.shape)) for e in exposures * 2]
    (together,) = residuals(more, ["a", "b", "a", "b"], compare(more, 0.16), PositionErrors(1.0, 0.0))
    assert together.whole.n_stars == alone.whole.n_stars == 120
    assert together.whole.error == pytest.approx(alone.whole.error / 2**0.5, rel=0.1)


def test_groups_without_a_common_star_are_not_compared(stars):
    exposures, overlaps = pair_of(stars, stars + 300)
    assert residuals(exposures, ["a", "b"], overlaps, PositionErrors(1.0, 0.0)) == []


def test_few_stars_have_the_usual_error():
    exposures, overlaps = pair_of(*[np.random.default_rng(3).uniform(-30, 30, (6, 2))] * 2)
    assert position_errors(exposures, overlaps, 0.1) == PositionErrors(1.0, 0.002)


@pytest.mark.parametrize("errors", [0.0, 0.003, np.nan])
def test_stars_without_any_scatter_or_noise_are_no_error(errors):
    stars = np.random.default_rng(8).uniform(-30, 30, (60, 2))
    exposures = [replace(exposure(name, stars), star_errors=np.full(60, errors)) for name in "ab"]
    overlaps = compare(exposures, 0.16)
    true = position_errors(exposures, overlaps, 0.1)
    assert np.isfinite([true.factor, true.added]).all()
    (found,) = residuals(exposures, ["a", "b"], overlaps, true)
    assert (found.whole.offset.tolist(), found.whole.error > 0) == ([0.0, 0.0], True)


def test_a_mean_has_no_say_of_outliers_and_a_true_error():
    rng = np.random.default_rng(5)
    pulls = []
    for _ in range(300):
        errors = rng.uniform(0.001, 0.01, 20)
        offsets = rng.normal(0, 1, (20, 2)) * errors[:, None]
        offsets[:3] += rng.uniform(-0.1, 0.1, (3, 2))
        middle, error = located(offsets, errors)
        pulls.append(middle / error)
    assert 0.9 < np.std(pulls) < 1.2


def test_a_variance_is_found_whatever_is_known_of_it():
    rng = np.random.default_rng(6)
    known = rng.uniform(1, 4, 2000)
    squares = rng.normal(0, np.sqrt(known + 9.0)) ** 2
    assert true_variance(squares, known, np.ones(2000)) == pytest.approx(9.0, rel=0.1)
    assert true_variance(squares, 20.0, np.ones(2000)) == 0.0
