import numpy as np

from app.pipeline.solution.centring import centred

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
