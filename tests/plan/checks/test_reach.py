"""Groups that tweakreg will not reach are foreseen, and a way out is named."""

import re

import numpy as np
import pytest

from app.plan.checks.reach import _reference
from app.simulation import Scene, simulate_grid
from tests.plan.checks.conftest import codes


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    """Three by three pointings: the middle one overlaps all others."""
    folder = tmp_path_factory.mktemp("grid")
    return simulate_grid(folder, n_pointings=9, n_dithers=1, window=(64, 64), scene=Scene(n_stars=2)).folder


def test_dithers_of_one_pointing_are_all_reached(look):
    assert "beyond_reference" not in codes(look().caveats)


def test_pointings_beyond_the_reference_are_counted(look, grid):
    (caveat,) = (c for c in look(grid).caveats if c.code == "beyond_reference")
    n = int(re.match(r"(\d) of 9", caveat.message)[1])
    assert 0 < n < 8
    assert "alignment=solution" in caveat.hint
    assert "jw01234001" in caveat.message


def test_through_others_errors_add_up(look, grid):
    options = {"jwst_parameters": {"tweakreg": {"expand_refcat": True}}}
    (caveat,) = (c for c in look(grid, **options).caveats if c.code == "beyond_reference")
    assert "add up" in caveat.message


@pytest.mark.parametrize("options", [{"alignment": "solution"}, {"alignment": "none"}])
def test_whoever_aligns_otherwise_is_not_told(look, grid, options):
    assert "beyond_reference" not in codes(look(grid, **options).caveats)


def test_the_reference_is_that_of_tweakwcs():
    """Its own choice, for images that know nothing but what they share."""
    from tweakwcs.imalign import _max_overlap_pair

    class Image:
        def __init__(self, index):
            self.index = index

        def _guarded_intersection_area(self, other):
            return area[self.index, other.index], 0

    rng = np.random.default_rng(1)
    for _ in range(20):
        area = rng.uniform(0, 1, (6, 6))
        area = np.triu(area, 1) + np.triu(area, 1).T
        expected, *_ = _max_overlap_pair([Image(index) for index in range(6)], enforce_user_order=False)
        assert _reference(area) == expected.index
