import numpy as np
import pytest

from app.pipeline.solution.centring import centred, centring_errors

FWHM = 2.4


def stars(x, y, shape=(80, 80)):
    rows, columns = np.indices(shape)
    sigma = FWHM / 2.3548
    light = [np.exp(-((columns - a) ** 2 + (rows - b) ** 2) / (2 * sigma**2)) for a, b in zip(x, y, strict=True)]
    return 1000 * np.sum(light, axis=0) + 5.0


def test_places_of_gaussians_are_exact():
    rng = np.random.default_rng(1)
    x, y = rng.uniform(0, 1, (2, 9)) + 20 * (1 + np.stack(np.divmod(np.arange(9), 3)) % 3)[:, :9]
    found = centred(stars(x, y), x + rng.uniform(-0.4, 0.4, 9), y - 0.3, FWHM)
    np.testing.assert_allclose(found, (x, y), atol=2e-3)


def test_what_cannot_be_measured_stays():
    x, y = np.array([30.2, 2.0, 50.0]), np.array([30.4, 40.0, 50.0])
    image = stars(x, y)
    image[30, 30] = np.nan  # the brightest pixel
    image[48:53, 48:53] = 500.0  # a flat core
    given = x + 0.1, y + 0.1
    np.testing.assert_array_equal(np.array(centred(image, *given, FWHM))[:, 1:], np.array(given)[:, 1:])
    assert np.all(np.hypot(*(np.array(centred(image, *given, FWHM)) - given)) <= 1)


def test_errors_are_those_of_the_noise():
    """Stars of one brightness on noise of a hundredth of it; beyond the border nothing is known."""
    rng = np.random.default_rng(2)
    x, y = (axis.ravel() + rng.uniform(-0.5, 0.5, 81) for axis in np.meshgrid(*[20.0 + 20 * np.arange(9)] * 2))
    noise = np.full((200, 200), 10.0)
    pulls = []
    for _ in range(5):
        image = stars(x, y, noise.shape) + rng.normal(0, noise)
        off = np.array(centred(image, x, y, FWHM)) - (x, y)
        pulls.append(off / centring_errors(image, noise, x, y, FWHM))
    assert np.std(pulls) == pytest.approx(1.0, abs=0.12)
    assert np.isnan(centring_errors(image, noise, np.array([2.0]), np.array([50.0]), FWHM)[0])
