"""Pairs of exposures: what the stars of both say, and nothing where they are not asked."""

from dataclasses import replace

import numpy as np
import pytest

from app.assess.measure.alignment import Motion
from app.assess.measure.displaced_stars import displaced_stars
from app.assess.measure.exposure import Measured
from app.assess.measure.flag_map import Cells
from app.assess.measure.level_differences import Samples
from app.assess.measure.outliers import Flagged
from app.assess.measure.overlaps import compare
from app.assess.measure.position_errors import PositionErrors
from app.observation.tangent_plane import TangentPlane

EAST = np.array([9.3, 0.0])
SQUARE = np.array([[-30.0, -30.0], [30.0, -30.0], [30.0, 30.0], [-30.0, 30.0]])


def exposure(name, stars, middle=(0.0, 0.0)):
    sky = Samples(0, 0, np.zeros((8, 8)), np.zeros((8, 8)))
    flagged = Flagged(1, 0, np.zeros((len(stars), 2), np.int64))
    outline = SQUARE + middle
    errors = np.full(len(stars), np.nan)
    moved, nowhere = Motion(0, 0, 0, 1, True), Cells(np.empty((0, 2), int), np.empty(0), np.empty(0))
    return Measured(
        name,
        moved,
        outline,
        outline,
        stars,
        stars,
        errors,
        np.isnan(errors),
        sky,
        0.0,
        "match",
        flagged,
        reasons={},
        cells=nowhere,
    )


@pytest.fixture
def stars():
    return np.random.default_rng(2).uniform(-30, 30, (80, 2))


def test_a_turn_shows_at_the_worst_corner_of_what_both_see(stars):
    """0.05 degrees about the middle of the first, seen where the second overlaps it: a corner at (30, 30)."""
    noise = np.random.default_rng(3).normal(0, 0.003, (2, *stars.shape))
    turned = stars + np.radians(0.05) * stars @ np.array([[0, -1], [1, 0]])
    (overlap,) = compare([exposure("a", stars + noise[0]), exposure("b", turned + noise[1], (20.0, 10.0))], 0.16)
    length, error = overlap.worst_corner
    assert length == pytest.approx(np.radians(0.05) * np.hypot(30, 30), abs=3 * error)
    assert error < 0.002
    assert np.hypot(*np.median(overlap.after, axis=0)) < 0.02 < 0.03 < length
    assert sorted(overlap.corners.tolist()) == [[-10, -20], [-10, 30], [30, -20], [30, 30]]


def test_a_displacement_is_looked_for_where_no_star_is_shared(stars):
    first, second = exposure("a", stars), exposure("b", stars + EAST)
    (overlap,) = compare([first, second], 0.16)
    np.testing.assert_allclose(overlap.displacement, [-9.3, 0.0], atol=1e-9)
    assert min(overlap.n_stars) > 50
    assert overlap.worst_corner is None


def test_stars_that_are_not_compared_say_nothing(stars):
    (overlap,) = compare([exposure("a", stars), exposure("b", stars + EAST)], None)
    assert (overlap.n_stars, len(overlap.stars), overlap.displacement) == ((0, 0), 0, None)


def test_a_star_that_is_displaced_is_named_with_its_place(stars):
    """All stars agree to a few milliarcseconds, and two are off by 0.1 and 0.05 arcsec."""
    rng = np.random.default_rng(3)
    plane = TangentPlane(24.0, 15.0)
    errors = np.full(len(stars), 0.003)
    noisy = [stars + rng.normal(0, 0.003, stars.shape) for _ in "ab"]
    noisy[1][7] += (0.05, 0.0)
    noisy[1][3] -= (0.0, 0.1)
    pair = [replace(exposure(name, places), star_errors=errors) for name, places in zip("ab", noisy, strict=True)]
    found = displaced_stars(pair, compare(pair, 0.16), PositionErrors(1.0, 0.0), plane, least=0.01)
    assert [(star.first, star.second) for star in found] == [("a", "b")] * 2
    np.testing.assert_allclose([star.offset for star in found], [[0, 0.1], [-0.05, 0]], atol=0.02)
    np.testing.assert_allclose(plane.from_sky(*np.transpose([s.place for s in found])), noisy[0][[3, 7]], atol=1e-4)
    (far,) = displaced_stars(pair, compare(pair, 0.16), PositionErrors(1.0, 0.0), plane, least=0.08)
    assert far == found[0]
    assert found[0].error == pytest.approx(0.003 * 2**0.5)
    pair[0].star_is_point[3] = False
    (star,) = displaced_stars(pair, compare(pair, 0.16), PositionErrors(1.0, 0.0), plane, least=0.01)
    assert star == found[1], "the other is wider than a star in one exposure"
