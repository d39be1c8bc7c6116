import numpy as np
import pytest

from app.assess.measure.alignment import motion
from app.assess.measure.frames import TangentPlane
from app.simulation.detectors import detector
from app.simulation.pointing import Attitude, exposure_wcs

CAMERA = detector("MIRIMAGE")
WINDOW = CAMERA.window((256, 256))
ATTITUDE = Attitude(CAMERA.v2_ref, CAMERA.v3_ref, 24.17, 15.78, 30.0)


def wcs(*change):
    return exposure_wcs(CAMERA, WINDOW, ATTITUDE.shifted(*change))


def test_a_shift_is_measured_east_and_north():
    found = motion(wcs(0, 0), wcs(0.3, -0.2), WINDOW.shape)
    assert (found.east, found.north) == pytest.approx((0.3, -0.2), abs=1e-5)
    assert found.moved
    assert found.scale == pytest.approx(1, abs=1e-6)


def test_a_turn_of_the_telescope_is_a_turn_from_north_through_east():
    found = motion(wcs(0, 0), wcs(0, 0, 0.01), WINDOW.shape)
    assert found.rotation == pytest.approx(0.01, rel=1e-3)


def test_a_wcs_that_is_the_same_was_not_moved():
    assert not motion(wcs(0, 0), wcs(0, 0), WINDOW.shape).moved


def test_the_plane_goes_to_the_sky_and_back():
    plane = TangentPlane(359.99999, -70)
    points = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, -300.0], [-60.0, 60.0]])
    ra, dec = plane.to_sky(points)
    np.testing.assert_allclose(plane.from_sky(ra, dec), points, atol=1e-6)
    assert (ra[0], dec[0]) == pytest.approx((359.99999, -70))
    assert ra[1] < 1  # east is where right ascension grows, also past 360 degrees


def test_a_wcs_that_was_set_anew_was_moved_however_little():
    """Inputs that were aligned before: a fit moves them by nothing, and an exposure without a fit is as it was."""
    found = motion(wcs(0, 0), wcs(1e-8, 0), WINDOW.shape)
    assert found.moved
    assert found.length < 1e-6
