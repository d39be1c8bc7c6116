"""The solution on lists of stars whose truth is known; whole runs are in tests/integration/test_solution.py."""

import time
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from app.pipeline.solution.alignment import align
from app.pipeline.solution.stars import Group
from tests.pipeline.solution.fields import OPTIONS, make_field


def lengths(off):
    return np.hypot(*off.reshape(-1, 2).T)


def rms(off):
    return np.sqrt(np.mean(lengths(off) ** 2))


@pytest.mark.parametrize("geometry", ["shift", "rshift"])
def test_a_sparse_survey_is_tied_as_a_whole(geometry):
    """Some four stars an overlap: nothing for an alignment group by group."""
    before, after = [], []
    for seed in range(4):
        field = make_field(side=5, density=0.012, seed=seed)
        found = align(field.groups, replace(OPTIONS, geometry=geometry))
        assert len(found.tied) == 25
        after.append(rms(field.residuals(found)))
        before.append(np.std(field.truth, axis=0)[:2])
    assert np.mean(before) > 0.07
    assert np.mean(after) < {"shift": 0.0035, "rshift": 0.005}[geometry]


def test_a_dense_survey_is_right_to_2_mas():
    field = make_field(side=4, density=0.05, roll=0.02)
    found = align(field.groups, OPTIONS)
    assert rms(field.residuals(found)) < 0.0025
    assert lengths(field.residuals(found)).max() < 0.009


def test_errors_are_those_of_the_corrections():
    pulls = []
    for seed in range(4):
        field = make_field(side=4, density=0.02, seed=seed)
        found = align(field.groups, replace(OPTIONS, geometry="shift"))
        pulls.append(field.residuals(found)[:, 4] / found.fit.errors[:, :2])
    assert 0.8 < np.std(pulls) < 1.2


def test_a_group_that_nothing_ties_stays_where_it_is():
    field = make_field(side=3, density=0.03)
    far = Group("alone", field.groups[0].points + 1000, field.groups[0].sigmas)
    empty = Group("empty", np.empty((0, 2)), np.empty(0))
    found = align([*field.groups, far, empty], OPTIONS)
    assert found.tied == list(range(9))
    assert np.all(found.fit.values[9:] == 0)


@pytest.mark.parametrize("has_catalogue", [True, False])
def test_a_displaced_visit_is_found_and_put_right(has_catalogue):
    field = make_field(side=3, density=0.05)
    lost = field.groups[4]
    lost_points = lost.points + np.array([9.3, 0.4])
    groups = [*field.groups[:4], replace(lost, points=lost_points), *field.groups[5:]]
    catalogue = Group("sky", field.stars, np.full(len(field.stars), 0.002)) if has_catalogue else None
    left = align(groups, OPTIONS, catalogue and replace(catalogue, is_reference=True))
    assert 4 not in left.tied
    found = align(groups, replace(OPTIONS, displaced_radius=30.0), catalogue and replace(catalogue, is_reference=True))
    assert list(found.displaced) == [4]
    np.testing.assert_allclose(found.displaced[4], (-9.3, -0.4), atol=0.3)
    off = found.fit.values[4, :2] + [9.3, 0.4]  # what is left is its own error, as without the displacement
    expected = align(field.groups, OPTIONS, catalogue and replace(catalogue, is_reference=True)).fit.values[4, :2]
    np.testing.assert_allclose(off, expected, atol=0.02)


SHARP = replace(OPTIONS, geometry="shift", tolerance=0.0185)


def sharp_field(seed, error, reach=0.9):
    """A field of stars that are known to 0.4 mas, as NIRCam's are, and a catalogue of those amid that are not."""
    field = make_field(side=2, density=0.015, seed=seed, noise=0.0004, pointing=0.03)
    inside = np.all(np.abs(field.stars - field.middles.mean(axis=0)) < reach * field.size, axis=1)
    places = field.stars[inside] + np.random.default_rng(seed).normal(0, error, (inside.sum(), 2))
    return field, Group("sky", places, np.full(len(places), error), is_reference=True)


@pytest.mark.parametrize("error", [0.005, 0.02])
def test_a_catalogue_that_is_worse_than_the_stars_is_used_whole(error):
    off, seen = [], []
    for seed in range(6):
        field, catalogue = sharp_field(seed, error)
        found = align(field.groups, SHARP, catalogue)
        off.append(field.residuals(found, on_sky=True).mean(axis=(0, 1)))
        seen.append(len(catalogue.points))
    ideal = error / np.sqrt(np.mean(seen))
    assert np.sqrt(np.mean(np.square(off))) < 1.5 * ideal


def test_a_catalogue_stays_where_it_is_also_where_a_group_is_tied_to_nothing():
    for seed in range(6):
        field, catalogue = sharp_field(seed, 0.005, reach=0.3)  # each of its stars is in an exposure
        alone = Group("alone", field.groups[0].points + 1000, field.groups[0].sigmas)
        expected = align(field.groups, SHARP, catalogue).fit.values[:4]
        found = align([*field.groups, alone], SHARP, catalogue)
        assert 4 not in found.tied
        assert np.all(found.fit.values[-1] == 0)
        np.testing.assert_allclose(found.fit.values[:4], expected, atol=2e-5)


def test_a_catalogue_puts_all_on_the_sky():
    """5 mas errors, and 30 % of the rows wrong."""
    field = make_field(side=4, density=0.05, pointing=0.08, roll=0.02)
    rng = np.random.default_rng(8)
    chosen = field.stars[rng.random(len(field.stars)) < 0.5]
    places = chosen + rng.normal(0, 0.005, chosen.shape)
    wrong = rng.random(len(places)) < 0.3
    places[wrong] += rng.normal(0, 0.3, (wrong.sum(), 2))
    catalogue = Group("sky", places, np.full(len(places), 0.005), is_reference=True)
    found = align(field.groups, OPTIONS, catalogue)
    off = field.residuals(found, on_sky=True)
    assert np.abs(np.median(off, axis=(0, 1))).max() < 0.001
    assert rms(off) < 0.002 * np.sqrt(2)
    pulls = off[:, 4] / found.fit.errors[:16, :2]
    assert 0.7 < np.std(pulls) < 1.3


def test_too_few_stars_for_the_geometry_are_a_shift():
    rng = np.random.default_rng(3)
    stars = rng.uniform(-20, 20, (40, 2))
    groups = [Group(name, stars + shift, np.full(40, 0.005)) for name, shift in (("a", 0.0), ("b", 0.1))]
    few = Group("few", stars[:2] + 0.05, np.full(2, 0.005))
    found = align([*groups, few], replace(OPTIONS, geometry="general"))
    assert found.fit.shifted_only.tolist() == [False, False, True]
    assert np.abs(found.fit.values[2, 2:]).max() < 1e-8


@pytest.mark.parametrize("geometry", ["shift", "rshift", "general"])
@pytest.mark.parametrize(
    "stars",
    [
        [(3.0, 4.0)],
        [(3.0, 4.0), (20.0, -9.0)],
        np.stack([np.linspace(-20, 20, 9), np.zeros(9)], axis=1),  # on a line: nothing says what is across it
        [(3.0, 4.0), (3.0, 4.0), (3.0, 4.0)],
    ],
)
def test_stars_that_do_not_decide_all_unknowns_give_finite_ones(geometry, stars):
    """Singular without what is known before; a group moves no farther than its stars say."""
    rng = np.random.default_rng(4)
    common = np.array(stars, dtype=float)
    points = [np.concatenate([common, rng.uniform(100, 160, (20, 2)) + 200 * i]) for i in (0, 1)]
    points[1][: len(common)] += 0.05
    points = [p + rng.normal(0, 0.003, p.shape) for p in points]
    found = align(
        [Group(n, p, np.full(len(p), 0.005)) for n, p in zip("ab", points, strict=True)],
        replace(OPTIONS, geometry=geometry),
    )
    assert np.isfinite(found.fit.values).all()
    assert np.abs(found.fit.values[:, :2]).max() < 0.06
    assert np.isfinite(found.fit.errors[found.tied]).all()


def test_a_visit_that_is_turned_is_put_right_and_its_error_is_small():
    """0.05 degrees: 2.5 times what is known of the roll before."""
    field = make_field(side=3, density=0.05, roll=0.002)
    turned = field.groups[8]
    arms = turned.points - turned.centre
    points = turned.points + np.radians(0.05) * arms @ np.array([[0, 1], [-1, 0]])
    found = align([*field.groups[:8], replace(turned, points=points)], OPTIONS)
    values, errors = np.degrees(found.fit.values[:, 2]), np.degrees(found.fit.errors[8, 2])
    assert values[8] - np.median(values) == pytest.approx(-0.05, abs=0.005)
    assert errors < 0.003


def test_memory_is_that_of_the_stars():
    """Less than 0.2 MB an exposure, and no faster than their number."""
    peaks = []
    for side in (4, 8):
        field = make_field(side=side, density=0.02)
        tracemalloc.start()
        align(field.groups, OPTIONS)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < min(5 * peaks[0], 64 * 0.2e6)


def test_the_order_of_groups_and_stars_does_not_matter():
    field = make_field(side=3, density=0.03)
    one = align(field.groups, OPTIONS)
    other = align([replace(g, points=g.points[::-1], sigmas=g.sigmas[::-1]) for g in field.groups[::-1]], OPTIONS)
    np.testing.assert_allclose(one.fit.values, other.fit.values[::-1], atol=2e-5)


def test_200_exposures_are_solved_in_5_s():
    field = make_field(side=10, density=0.02, dithers=2)
    begin = time.process_time()
    found = align(field.groups, OPTIONS)
    assert time.process_time() - begin < 5
    assert len(found.tied) == 200
    assert rms(field.residuals(found)) < 0.004


def test_a_survey_of_a_hundred_pointings_with_a_hole():
    """Two dithers each, places of stars to 2 mas; one pointing sees no star."""
    field = make_field(side=10, density=0.02, dithers=2, empty=(4, 5), noise=0.002)
    found = align(field.groups, OPTIONS)
    unknown = [i for i in range(200) if i not in found.tied]
    assert unknown == [2 * 45, 2 * 45 + 1]
    off = field.residuals(found, tied_only=True)
    assert np.hypot(*off[:, 4].T).max() < 0.004
