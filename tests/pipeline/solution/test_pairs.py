import numpy as np
import pytest

from app.pipeline.solution.pairs import Pairs, nearest, vote
from app.pipeline.solution.stars import Group, identify, merge

SHIFT = np.array([0.7, -1.1])


@pytest.fixture
def lists():
    """Stars 0 to 4 of the first list are stars 4 to 0 of the second, shifted; the others have nothing in common."""
    rng = np.random.default_rng(2)
    stars = rng.uniform(0, 40, (25, 2))
    second = np.concatenate([stars[4::-1] - SHIFT + rng.normal(0, 0.005, (5, 2)), rng.uniform(0, 40, (20, 2))])
    return stars, second


def test_a_vote_finds_the_shift(lists):
    pairs = vote(*lists, radius=2.0, tolerance=0.1)
    assert sorted(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)) == [(i, 4 - i) for i in range(5)]


def test_chance_is_no_vote():
    rng = np.random.default_rng(3)
    found = [len(vote(*rng.uniform(0, 60, (2, 180, 2)), radius=2.0, tolerance=0.16)) for _ in range(50)]
    assert np.count_nonzero(found) <= 2


def test_too_few_agree(lists):
    assert len(vote(*lists, radius=2.0, tolerance=0.1, fewest=6)) == 0
    assert len(vote(lists[0][:1], lists[1][4:], radius=2.0, tolerance=0.1)) == 0


def test_a_star_is_in_one_pair():
    first = np.array([[0.0, 0], [10, 0], [20, 5], [30, 1]])
    second = np.concatenate([first + 0.01, np.array([[0.03, 0]])])
    pairs = vote(first, second, radius=2.0, tolerance=0.1)
    assert sorted(pairs.first.tolist()) == [0, 1, 2, 3]
    assert pairs.second[pairs.first == 0] == 0


def test_the_nearest_of_each_other(lists):
    pairs = nearest(lists[0], lists[1] + SHIFT, 0.1)
    assert dict(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)) == {i: 4 - i for i in range(5)}
    assert len(nearest(lists[0], np.empty((0, 2)), 1.0)) == 0


def test_stars_of_several_images_are_merged():
    images = [np.array([[0.0, 0], [5, 5]]), np.array([[0.03, 0]]), np.empty((0, 2))]
    points, sigmas = merge(images, [np.array([0.2, 0.3]), np.array([0.1]), np.empty(0)], 0.1)
    order = np.argsort(points[:, 0])
    np.testing.assert_allclose(points[order], [[0.024, 0], [5, 5]])  # a variance of 4 has a weight of 1/4
    np.testing.assert_allclose(sigmas[order], [5**-0.5 * 0.2, 0.3])


def test_pairs_become_stars_and_contradictions_are_left_out():
    groups = [Group(name, np.zeros((3, 2)), np.ones(3)) for name in "abc"]
    links = [
        (0, 1, Pairs(np.array([0, 1]), np.array([0, 1]))),
        (1, 2, Pairs(np.array([0, 1]), np.array([2, 1]))),
        (0, 2, Pairs(np.array([2]), np.array([1]))),  # stars 1 and 2 of group 0 would be one
    ]
    found = identify(groups, links)
    assert (found.n_stars, sorted(zip(found.group.tolist(), found.index.tolist(), strict=True))) == (
        1,
        [(0, 0), (1, 0), (2, 2)],
    )
