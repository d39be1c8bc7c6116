"""Bands of a box."""

import pytest

from app.pipeline.box import Box


@pytest.mark.parametrize("n_pixels", [1, 9, 10, 35, 69, 70, 10**9])
def test_bands_are_the_box_row_by_row_and_as_many_as_they_are_said_to_be(n_pixels):
    box = Box(3, 5, 13, 12)
    bands = box.bands(n_pixels)
    rows = [y for band in bands for y in range(band.y0, band.y1)]
    assert rows == list(range(5, 12))
    assert all((band.x0, band.x1) == (3, 13) for band in bands)
    assert all(band.shape[0] == max(1, min(n_pixels // 10, 7)) for band in bands[:-1])
    assert len(bands) == -(-7 // max(1, min(n_pixels // 10, 7)))  # so that the progress says how many there are
