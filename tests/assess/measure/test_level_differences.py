import numpy as np
import pytest

from app.assess.measure.level_differences import Samples, difference
from app.observation.sky_points import sample_points, take_samples
from app.observation.tangent_plane import TangentPlane
from app.simulation.detectors import detector
from app.simulation.pointing import Attitude, exposure_wcs

CAMERA = detector("MIRIMAGE")
WINDOW = CAMERA.window((256, 256))
ATTITUDE = Attitude(CAMERA.v2_ref, CAMERA.v3_ref, 24.17, 15.78, 30.0)
PLANE = TangentPlane(24.17, 15.78)


def light(ra, dec):
    """Something that shines: a gradient and a wave."""
    east, north = np.moveaxis(PLANE.from_sky(ra, dec), -1, 0)
    return 0.05 * east + np.sin(north / 3)


def samples(shift, level):
    """An exposure of `light` on a level of its own, half of which sky matching takes away."""
    wcs = exposure_wcs(CAMERA, WINDOW, ATTITUDE.shifted(*shift))
    y, x = np.mgrid[:256, :256].astype(float)
    image = light(*wcs(x, y)) + level
    column, row, x, y = sample_points(wcs, WINDOW.shape, PLANE, spacing=1.0)
    return Samples(column, row, take_samples(image, x, y), take_samples(image - level / 2, x, y))


def test_what_shines_cancels_and_the_levels_stay():
    found = difference(samples((0, 0), 0.3), samples((7, -4), 0.1))
    assert found.n > 200
    assert found.before == pytest.approx(0.2, abs=0.003)
    assert found.after == pytest.approx(0.1, abs=0.003)
    assert found.error < 0.003


def test_exposures_that_do_not_overlap_have_no_difference():
    assert difference(samples((0, 0), 0), samples((40, 0), 0)) is None


def test_points_lie_where_the_wcs_says():
    wcs = exposure_wcs(CAMERA, WINDOW, ATTITUDE)
    column, row, x, y = sample_points(wcs, WINDOW.shape, PLANE, spacing=2.0)
    inside = np.isfinite(x)
    rows, columns = np.nonzero(inside)
    points = PLANE.from_sky(*wcs(x[inside], y[inside]))
    np.testing.assert_allclose(points, np.stack([columns + column, rows + row], axis=1) * 2.0, atol=0.2)
    assert inside.sum() == pytest.approx(256**2 * CAMERA.pixel_area / 4, rel=0.05)


def test_a_sample_is_a_median_of_what_is_there():
    image = np.ones((9, 9))
    image[4, 4], image[3] = 100, np.nan
    values = take_samples(image, np.array([[4.2, np.nan]]), np.array([[3.9, 1.0]]))
    np.testing.assert_array_equal(values, [[1, np.nan]])
