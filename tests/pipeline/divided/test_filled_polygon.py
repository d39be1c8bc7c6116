"""Polygons are filled with the pixels that gwcs fills, whatever their shape and wherever they lie."""

import time

import numpy as np
import pytest
from gwcs import region
from hypothesis import given, settings
from hypothesis import strategies as st

from app.pipeline.divided.filled_polygon import FilledPolygon
from app.pipeline.divided.jwst_internals import fast_intersections

SHAPE = (23, 31)
GWCS = region.Polygon

#: Corners within the mask, anywhere, and on pixels.
CORNERS = [
    st.tuples(st.floats(-0.5, SHAPE[1] - 0.5), st.floats(-0.5, SHAPE[0] - 0.5)),
    st.tuples(st.floats(-40, 60), st.floats(-40, 60)),
    st.tuples(st.integers(-3, 34).map(float), st.integers(-3, 26).map(float)),
]


def filled(kind, corners):
    return kind(True, [*corners, corners[0]]).scan(np.zeros(SHAPE, bool))


@given(st.one_of(st.lists(corner, min_size=3, max_size=9) for corner in CORNERS))
@settings(max_examples=300, deadline=None)
def test_pixels_are_those_of_gwcs(corners):  # edges of most of these cross each other
    np.testing.assert_array_equal(filled(FilledPolygon, corners), filled(GWCS, corners))


@pytest.mark.parametrize(
    ("corners", "n_pixels"),
    [
        ([(2.2, 3.1), (9.8, 3.4), (9.6, 7.9), (1.9, 8.2)], 54),
        ([(2, 3), (9, 3), (5, 3)], 0),
        ([(4, 3), (4, 9), (4, 5)], 0),
        ([(100, 100), (120, 100), (110, 120)], 0),
    ],
    ids=["square", "no height", "no width", "elsewhere"],
)
def test_polygons_of_known_size(corners, n_pixels):
    assert filled(FilledPolygon, corners).sum() == filled(GWCS, corners).sum() == n_pixels


def test_sky_matching_takes_it_and_gwcs_is_back_after():
    with fast_intersections():
        assert region.Polygon is FilledPolygon
    assert region.Polygon is GWCS


def test_a_polygon_over_a_whole_exposure_takes_less_than_a_fifth_of_the_time():
    def taken(kind):
        start = time.process_time()
        kind(True, [(10.2, 5.1), (500.7, 30.2), (480.1, 490.3), (3.3, 470.9), (10.2, 5.1)]).scan(mask)
        return time.process_time() - start

    mask = np.zeros((512, 512), bool)
    assert min(taken(FilledPolygon) for _ in range(5)) < 0.2 * min(taken(GWCS) for _ in range(5))
