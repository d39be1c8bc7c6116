"""Boxes spread over an image: where they lie, and what is read for them."""

import numpy as np
import pytest
from astropy.io import fits

from app.assess.measure.boxes import spread_boxes


@pytest.fixture
def image():
    """Every pixel is its own number."""
    return np.arange(130 * 170, dtype=np.float32).reshape(130, 170)


def test_they_are_parts_of_the_image_and_do_not_overlap(image):
    boxes = spread_boxes(image, 8, 40)
    assert 30 <= len(boxes) <= 50
    assert len(np.unique(boxes)) == boxes.size
    for box in boxes:
        row, column = divmod(int(box[0, 0]), 170)
        np.testing.assert_array_equal(box, image[row : row + 8, column : column + 8])


@pytest.mark.parametrize("shape", [(130, 170), (128, 128), (40, 300), (1000, 64), (9, 5000), (5000, 9)])
def test_all_parts_of_the_image_have_some(shape):
    """Also where a stride would meet the same rows again and again."""
    image = np.arange(np.prod(shape)).reshape(shape)
    places = np.divmod(spread_boxes(image, 8, 40)[:, 0, 0], shape[1])
    assert 30 <= len(places[0]) <= 50
    for found, side in zip(places, shape, strict=True):
        if side >= 16:
            assert (np.histogram(found, 2, (0, side))[0] > 0).all()


def test_of_a_file_they_are_the_same(image, tmp_path):
    fits.PrimaryHDU(image).writeto(tmp_path / "image.fits")
    with fits.open(tmp_path / "image.fits", memmap=False) as hdus:
        found = spread_boxes(hdus[0].section, 8, 40)
    assert found.dtype == image.dtype
    np.testing.assert_array_equal(found, spread_boxes(image, 8, 40))


def test_an_image_smaller_than_a_box_has_none(image):
    assert spread_boxes(image[:7], 8, 40).shape == (0, 8, 8)
    assert spread_boxes(image[:, :7], 8, 40).shape == (0, 8, 8)
