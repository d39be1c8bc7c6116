"""Stars that two exposures share, on fields where they lie anywhere."""

import numpy as np
import pytest

from app.assess.measure.matching import WIDE_RADIUS, match


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


@pytest.mark.parametrize("radius", [3.0, WIDE_RADIUS])
@pytest.mark.parametrize("clustered", [False, True])
def test_chance_is_not_taken_for_a_shift(radius, clustered):
    """In 200 pairs of crowded fields without a common star."""
    rng = np.random.default_rng(6)

    def field():
        clusters = rng.uniform(-30, 30, (8, 2))[rng.integers(0, 8, 150)]
        return clusters + rng.normal(0, 3, (150, 2)) if clustered else rng.uniform(-30, 30, (150, 2))

    assert sum(len(match(field(), field(), 0.15, radius)) > 0 for _ in range(200)) <= 2
