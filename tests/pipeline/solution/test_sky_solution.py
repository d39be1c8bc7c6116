"""The solution on made-up samples: errors, groups, planes, anchors, gaps, and too little to go by."""

import time

import numpy as np
import pytest

from app.pipeline.solution.sky_samples import CELL, SkySamples
from app.pipeline.solution.sky_solution import GroupSky, solve_sky

#: Cells along the side of an exposure.
SIDE = 4
NOISE = 0.1


def light(column: np.ndarray, row: np.ndarray) -> np.ndarray:
    """What shines: the same in all exposures."""
    return 3 * np.sin(column / 5) * np.cos(row / 7) + 0.1 * row


def exposure(rng, column, row, level=0.0, slope=(0.0, 0.0), noise=NOISE, side=SIDE) -> SkySamples:
    """An exposure that begins at a cell and has a level in its middle and a slope [per point]."""
    y, x = np.mgrid[: side * CELL, : side * CELL].astype(float)
    middle = (side * CELL - 1) / 2
    values = light(x + column * CELL, y + row * CELL) + level + slope[0] * (x - middle) + slope[1] * (y - middle)
    values += noise * rng.standard_normal(values.shape)
    cells = values.reshape(side, CELL, side, CELL).swapaxes(1, 2).reshape(side, side, CELL**2)
    return SkySamples(row, column, cells.astype(np.float32))


def solve(samples, labels=None, **options) -> list[GroupSky]:
    return solve_sky(samples, range(len(samples)) if labels is None else labels, spacing=0.5, **options)


def levels(found: list[GroupSky]) -> np.ndarray:
    return np.array([sky.level for sky in found])


#: Where six exposures lie: some overlap, some do not.
PLACES = ((0, 0), (2, 0), (2, 2), (4, 2), (1, 1), (0, 1))


def test_errors_are_the_scatter_of_the_levels():
    rng = np.random.default_rng(5)
    true = np.array([0.0, 0.3, -0.2, 0.5, 0.1, -0.4])
    pulls = []
    for _ in range(60):
        samples = [exposure(rng, *place, level) for place, level in zip(PLACES, true, strict=True)]
        found = solve(samples, anchor="mean")
        pulls.append((levels(found) - (true - true.mean())) / [sky.error for sky in found])
    assert 0.85 < np.std(pulls) < 1.15
    assert abs(np.mean(pulls)) < 0.2


def test_many_exposures_of_one_place_do_not_count_as_if_all_their_differences_were_independent():
    rng = np.random.default_rng(6)
    found = [solve([exposure(rng, 0, 0) for _ in range(20)], anchor="mean") for _ in range(20)]
    scatter, stated = np.std([levels(f) for f in found]), np.mean([sky.error for f in found for sky in f])
    assert 0.7 < scatter / stated < 1.15


def test_outliers_do_not_move_a_level():
    rng = np.random.default_rng(7)
    first, second = exposure(rng, 0, 0, 0.2), exposure(rng, 0, 0)
    first.values[0, 0] += 5.0  # a cell in which something is in one exposure only
    first.values[:, :, ::9] += 3.0
    found = solve([first, second], anchor="mean")
    assert found[0].level - found[1].level == pytest.approx(0.2, abs=0.02)


def test_a_group_has_one_level():
    rng = np.random.default_rng(8)
    samples = [exposure(rng, *place, 0.3 * (i % 2)) for i, place in enumerate(PLACES)]
    found = solve(samples, labels=[0, 1, 0, 1, 0, 1])
    assert len(found) == 2
    assert levels(found) == pytest.approx([0, 0.3], abs=0.01)


def test_anchors():
    rng = np.random.default_rng(9)
    true = np.array([0.4, 0.1, 0.7])
    samples = [exposure(rng, column, 0, level) for column, level in zip((0, 0, 2), true, strict=True)]
    assert levels(solve(samples)) == pytest.approx(true - 0.1, abs=0.02)
    assert levels(solve(samples, anchor="mean")) == pytest.approx(true - 0.4, abs=0.02)
    found = solve(samples, anchor="none")
    assert np.dot(levels(found), [sky.n_samples for sky in found]) == pytest.approx(0, abs=1e-3)
    mosaic = exposure(rng, 0, 0, noise=0.01)
    found = solve(samples, reference=mosaic)
    assert levels(found) == pytest.approx(true, abs=0.02)
    assert len(found) == 3
    assert all(sky.is_anchored for sky in found)
    elsewhere = solve(samples, reference=exposure(rng, 40, 0))
    assert levels(elsewhere) == pytest.approx(true - 0.1, abs=0.02)
    assert not any(sky.is_anchored for sky in elsewhere)


def test_a_gap_makes_two_parts_each_with_a_level_of_its_own():
    rng = np.random.default_rng(10)
    found = solve([exposure(rng, column, 0, level) for column, level in ((0, 0.1), (1, 0.3), (20, 7.0), (21, 7.5))])
    assert levels(found) == pytest.approx([0, 0.2, 0, 0.5], abs=0.02)
    assert found[0].part == found[1].part != found[2].part == found[3].part


def test_fewer_than_30_samples_tie_nothing():
    rng = np.random.default_rng(11)
    first, second = exposure(rng, 0, 0), exposure(rng, 0, 0, 0.3)
    first.values.reshape(-1)[29:] = np.nan
    found = solve([first, second])
    assert all(np.isnan(sky.error) for sky in found)
    first.values.reshape(-1)[29] = 0
    assert all(np.isfinite(sky.error) for sky in solve([first, second]))


def test_all_samples_masked():
    rng = np.random.default_rng(12)
    masked = exposure(rng, 0, 0)
    masked.values[:] = np.nan
    found = solve([exposure(rng, 0, 0), exposure(rng, 1, 0, 0.2), masked])
    assert levels(found) == pytest.approx([0, 0.2, 0], abs=0.02)
    assert np.isnan(found[2].error)
    assert all(np.isnan(sky.error) for sky in solve([masked, masked], order=1))


def test_planes_are_recovered_to_3_percent():
    rng = np.random.default_rng(13)
    slopes = np.array([(0.02, 0.0), (-0.01, 0.01), (0.0, -0.02), (-0.01, 0.01)])  # a common slope cannot be known
    true = np.array([0.1, 0.4, 0.2, 0.3])
    places = ((0, 0), (1, 0), (1, 1), (0, 1))
    samples = [exposure(rng, *p, t, s) for p, t, s in zip(places, true, slopes, strict=True)]
    found = solve(samples, order=1, anchor="mean")
    got = np.array([sky.slope for sky in found]) * 0.5  # per point
    size = np.abs(slopes).max()
    assert np.abs(got - slopes).max() < 0.03 * size
    assert levels(found) == pytest.approx(true - true.mean(), abs=0.03 * size * SIDE * CELL / 2)
    assert np.abs((got - slopes) / 0.5).max() < 4 * max(sky.slope_error for sky in found)


def test_a_thin_overlap_makes_a_constant():
    rng = np.random.default_rng(14)
    wide = [exposure(rng, column, 0, 0.1 * column, side=10) for column in (0, 1, 2)]
    thin = exposure(rng, 11, 0, 0.5, side=10)
    found = solve([*wide, thin], order=1)
    assert [np.isfinite(sky.slope_error) for sky in found] == [True, True, True, False]
    assert found[3].slope == (0, 0)
    assert found[3].level - found[0].level == pytest.approx(0.5, abs=0.05)


def test_200_exposures_take_seconds():
    """Fifty places of a grid, four dithers at each; reading and sampling are apart, and divided among processes."""
    rng = np.random.default_rng(15)
    true = rng.uniform(-1, 1, 200)
    places = [(3 * (i // 4 % 8) + i % 2, 3 * (i // 32) + i // 2 % 2) for i in range(200)]
    samples = [exposure(rng, *place, level) for place, level in zip(places, true, strict=True)]
    begin = time.process_time()
    found = solve(samples, anchor="mean")
    assert time.process_time() - begin < 5
    assert levels(found) == pytest.approx(true - true.mean(), abs=0.03)
