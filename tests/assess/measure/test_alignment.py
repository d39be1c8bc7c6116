import numpy as np
import pytest

from app.assess.measure.alignment import match, motion
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


@pytest.fixture
def stars():
    return np.random.default_rng(2).uniform(-30, 30, (80, 2))


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.4, -1.9)])
def test_stars_are_matched_whatever_their_common_shift(stars, shift):
    rng = np.random.default_rng(3)
    others = np.concatenate([stars[20:] + shift + rng.normal(0, 0.01, (60, 2)), rng.uniform(-30, 30, (40, 2))])
    found = match(stars, others, tolerance=0.1)
    assert np.mean(found.first == found.second + 20) > 0.95
    assert len(found) >= 57


def test_fields_without_a_common_star_do_not_match(stars):
    assert len(match(stars, np.random.default_rng(4).uniform(-30, 30, (80, 2)), tolerance=0.1)) == 0


def test_three_stars_are_too_few(stars):
    assert len(match(stars[:3], stars[:3], tolerance=0.1)) == 0
