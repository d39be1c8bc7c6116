"""What we use of photutils beyond its public names; these tests fail when a release changes it."""

import warnings

import numpy as np
import pytest
from photutils.background import Background2D
from photutils.detection import IRAFStarFinder, find_peaks
from photutils.detection import core as finding_stars
from photutils.segmentation import detect_sources, finder

from app.pipeline.divided import photutils_internals
from app.pipeline.divided.deblending import grow
from app.pipeline.divided.photutils_internals import divided_deblending, fast_background, fast_peaks


@pytest.mark.parametrize("separation", [1, 1.5, 2, 5, 6.5])
@pytest.mark.parametrize("level", [-3, 0, 3])
@pytest.mark.parametrize("threshold", [-10, "of each pixel"])
def test_fast_peaks_are_those_of_photutils(separation, level, threshold):
    # Rounded, so that neighbours are equal in places; a level below 0 makes peaks at the edges matter.
    rng = np.random.default_rng(3)
    image = rng.normal(level, 2, (120, 90)).round(1).astype(np.float32)
    image[50:60, 20:25] = np.nan
    limit = rng.normal(level, 1, image.shape) if threshold == "of each pixel" else threshold
    expected = find_peaks(image, limit, min_separation=separation)
    with fast_peaks():
        found = finding_stars.find_peaks(image, limit, min_separation=separation)
    assert len(expected) > 20
    assert list(zip(*found.itercols(), strict=True)) == list(zip(*expected.itercols(), strict=True))


def test_star_finders_still_ask_the_functions_in_whose_place_we_step(monkeypatch):
    def refuse(*_):
        raise InterruptedError

    monkeypatch.setattr(photutils_internals, "circular_peaks", refuse)
    image = np.random.default_rng(3).normal(size=(40, 40))
    with fast_peaks(), pytest.raises(InterruptedError):
        IRAFStarFinder(threshold=1, fwhm=2.5)(image)


@pytest.mark.parametrize("box", [30, (20, 50), 200])
def test_fast_background_is_that_of_photutils_within_rounding(box, monkeypatch):
    image = np.random.default_rng(3).normal(5, 2, (120, 90)) + np.linspace(0, 50, 90)
    expected, calls = Background2D(image, box), []
    found = Background2D(image, box)
    interpolate = photutils_internals._interpolate_background
    monkeypatch.setattr(
        photutils_internals, "_interpolate_background", lambda *a, **k: calls.append(1) or interpolate(*a, **k)
    )
    with fast_background():
        np.testing.assert_allclose(found.background, expected.background, rtol=1e-14)
        np.testing.assert_allclose(found.background_rms, expected.background_rms, rtol=1e-14)
    assert calls


@pytest.fixture(params=["each pixel differs", "pixels are equal in places"])
def blended(request):
    """A crowded image, and its segments: stars on each other's wings, many too faint to count."""
    rng = np.random.default_rng(1)
    y, x = np.indices((150, 150))
    image = rng.normal(1, 0.01, (150, 150))
    for row, column, peak in zip(*rng.uniform(5, 145, (2, 120)), 10 ** rng.uniform(-0.5, 2.5, 120), strict=True):
        image += peak * np.exp(-((y - row) ** 2 + (x - column) ** 2) / 8)
    image = image.round(1) if request.param != "each pixel differs" else image
    return image, detect_sources(image, 1.5, 10)


@pytest.mark.parametrize("procs", [1, 2])
def test_divided_deblending_gives_the_same_segments(blended, procs, monkeypatch):
    image, segments = blended
    options = {"progress_bar": False, "contrast": 0.01}
    with warnings.catch_warnings(action="ignore"):
        expected = finder.deblend_sources(image, segments, 5, **options)
        calls = []
        monkeypatch.setattr(photutils_internals, "grow", lambda *a, **k: calls.append(1) or grow(*a, **k))
        with divided_deblending(procs):
            found = finder.deblend_sources(image, segments, 5, **options)
    assert procs > 1 or len(calls) > 10
    assert found.n_labels > segments.n_labels + 20
    np.testing.assert_array_equal(found.data, expected.data)
    assert found.deblended_label_to_parent == expected.deblended_label_to_parent
