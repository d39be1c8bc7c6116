import numpy as np
import pytest

from app.assess.measure.flag_map import count_by_cell, join_cells, share_by_reason
from app.observation.tangent_plane import TangentPlane


def straight(x, y, with_bounding_box):
    """A WCS of pixels of 0.1 arcsec, north up, east left."""
    return 20.0 - (np.asarray(x) + 0.5) / 36000, (np.asarray(y) + 0.5) / 36000


def test_each_pixel_that_is_not_used_has_one_reason():
    before, after = np.zeros((2, 10, 10), np.uint32)
    before[0, :4] = 1  # DO_NOT_USE
    before[0, :2] |= 4  # JUMP_DET
    before[0, 0] |= 2  # SATURATED
    before[5] = 4  # a jump that was taken out
    after[:] = before
    after[3, :5] = 1 | 16  # OUTLIER
    after[0, 3] |= 16
    shares = share_by_reason(before, after)
    assert shares == pytest.approx({"outlier": 0.05, "saturated": 0.01, "jump": 0.01, "bad": 0.02})


def test_the_map_shows_where_outliers_are():
    """Two exposures, one 10 arcsec north of the other; a cluster of outliers in the east of the first."""
    plane, before, after = TangentPlane(20.0, 0.0), *np.zeros((2, 100, 100), np.uint32)
    clean = count_by_cell(before, before, lambda x, y, **o: straight(x, y + 100, **o), plane, 1.0)
    after[2:8, 2:8] = 17  # at the first pixels, which are the most eastern and southern
    hit = count_by_cell(before, after, straight, plane, 1.0)
    found = join_cells([hit, clean], 1.0)
    shares = np.array(found.shares, float)
    assert found.cell == 1.0
    assert shares.shape == (20, 10)
    assert np.unravel_index(np.nanargmax(shares), shares.shape)[0] == 0
    assert np.nanargmax(shares[0]) >= 8  # columns go from west to east
    assert np.nanmax(shares) == pytest.approx(0.36, abs=0.05)
    assert np.nansum(shares > 0) <= 4


def test_a_large_mosaic_has_larger_cells():
    nothing = np.zeros((1000, 50), np.uint32)
    cells = count_by_cell(nothing, nothing, straight, TangentPlane(20.0, 0.0), 0.5)
    found = join_cells([cells], 0.5)
    assert found.cell == 2.0
    assert len(found.shares) <= 64
