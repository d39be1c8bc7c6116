"""The grid of a mosaic cut into cells."""

import numpy as np
import pytest

from app.plan.tiling import Tiling


@pytest.mark.parametrize(
    ("shape", "size", "overlap"),
    [((300, 520), 100, 20), ((300, 520), 100, 0), ((64, 64), 100, 10), ((101, 100), 100, 99)],
)
def test_cells_cover_the_grid_and_each_pixel_is_the_own_one_of_one_cell(shape, size, overlap):
    covered, owned = np.zeros(shape, int), np.zeros(shape, int)
    for cell in Tiling(size, overlap).cells(shape):
        x0, y0, x1, y1 = cell.limits
        assert 0 <= x0 < x1 <= shape[1]
        assert 0 <= y0 < y1 <= shape[0]
        assert cell.n_pixels == (x1 - x0) * (y1 - y0) <= size**2
        covered[y0:y1, x0:x1] += 1
        x0, y0, x1, y1 = cell.own
        owned[y0:y1, x0:x1] += 1
    assert covered.min() == 1
    assert (owned == 1).all()


def test_neighbours_share_the_overlap_and_are_named_by_row_and_column():
    cells = {cell.name: cell for cell in Tiling(100, 20).cells((180, 260))}
    assert list(cells) == ["r00c00", "r00c01", "r00c02", "r01c00", "r01c01", "r01c02"]
    assert cells["r00c01"].limits == (80, 0, 180, 100)
    assert cells["r01c02"].limits == (160, 80, 260, 180)
    assert cells["r00c01"].own == (80, 0, 160, 80)


def test_some_cells_are_those_of_all_by_their_names():
    every = Tiling(100, 20).cells((180, 260))
    assert Tiling(100, 20, ["r01c00", "r00c02"]).cells((180, 260)) == [every[2], every[3]]


def test_a_grid_that_fits_a_cell_is_one_cell():
    (cell,) = Tiling(4096, 256).cells((300, 4000))
    assert cell.limits == cell.own == (0, 0, 4000, 300)
