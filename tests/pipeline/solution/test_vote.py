"""Stars that two exposures share, on fields where they lie anywhere, in clusters, or are found twice."""

import numpy as np
import pytest

from app.assess.measure.overlaps import FEWEST, SEARCH_RADIUS, WIDE_RADIUS
from app.pipeline.solution.pairs import vote


def match(first, second, tolerance, radius=SEARCH_RADIUS):
    return vote(first, second, radius, tolerance, FEWEST)


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


def test_no_star_is_paired_twice(stars):
    doubled = np.concatenate([stars, stars + np.array([0.05, 0])])
    found = match(stars, doubled, tolerance=0.1)
    assert len(found) == len(set(found.first.tolist())) == len(set(found.second.tolist())) == 80


@pytest.mark.parametrize("shift", [(9.3, 0.0), (-31.0, 40.0)])
def test_a_displaced_field_is_found_by_a_wide_search(stars, shift):
    rng = np.random.default_rng(5)
    others = np.concatenate([stars[40:] + shift + rng.normal(0, 0.01, (40, 2)), rng.uniform(-30, 30, (40, 2))])
    assert len(match(stars, others, tolerance=0.1)) == 0
    found = match(stars, others, 0.1, WIDE_RADIUS)
    assert len(found) >= 38
    assert np.all(found.first == found.second + 40)


def anywhere(rng, n):
    return rng.uniform(-30, 30, (n, 2))


def in_clusters(rng, n):
    return rng.uniform(-30, 30, (8, 2))[rng.integers(0, 8, n)] + rng.normal(0, 3, (n, 2))


def in_tight_clusters(rng, n):
    return rng.uniform(-30, 30, (5, 2))[rng.integers(0, 5, n)] + rng.normal(0, 1, (n, 2))


def found_twice(rng, n):
    stars = anywhere(rng, n // 2)
    return np.concatenate([stars, stars + rng.normal(0, 0.1, stars.shape)])


@pytest.mark.parametrize(
    ("field", "radius"),
    [(f, r) for f in (anywhere, in_clusters, in_tight_clusters) for r in (SEARCH_RADIUS, WIDE_RADIUS)]
    + [(found_twice, SEARCH_RADIUS)],
)
def test_chance_is_not_taken_for_a_shift(field, radius):
    """In 100 pairs of fields without a common star."""
    rng = np.random.default_rng(6)
    assert sum(len(match(field(rng, 80), field(rng, 80), 0.15, radius)) > 0 for _ in range(100)) <= 1


@pytest.mark.parametrize("field", [anywhere, in_clusters])
def test_four_common_stars_of_twenty_are_enough(field):
    rng = np.random.default_rng(7)
    found = 0
    for _ in range(50):
        first, second = field(rng, 20), field(rng, 20)
        second[:4] = first[:4] + np.array([0.5, -0.3]) + rng.normal(0, 0.02, (4, 2))
        pairs = match(first, second, 0.15)
        found += np.array_equal(np.sort(pairs.first), range(4)) and np.array_equal(pairs.first, pairs.second)
    assert found >= 47
