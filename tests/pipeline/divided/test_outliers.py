"""Images of groups, put together from their exposures, and the median over groups."""

import warnings

import numpy as np
import pytest

from app.pipeline.box import Box
from app.pipeline.divided.outliers import _Group, _image, _median, _Part, _threshold

WHOLE = Box(0, 0, 8, 6)


@pytest.fixture
def parts(tmp_path):
    """Two exposures that share two columns, and one that lies beside the mosaic."""
    random = np.random.default_rng(5)
    made = []
    for index, box in enumerate((Box(0, 0, 5, 6), Box(3, 1, 8, 6))):
        image, weight = random.normal(10, 3, (2, *box.shape)).astype(np.float32)
        image[0, 0], weight[0, 0] = np.nan, 0
        np.save(tmp_path / f"{index}.npy", [image, weight])
        made.append(_Part(tmp_path / f"{index}.npy", box))
    return [*made, _Part(tmp_path / "beside.npy", Box(0, 0, 0, 0))]


def on_whole(part):
    image, weight = np.full((2, *WHOLE.shape), [[[np.nan]], [[0]]], np.float32)
    image[part.box.slices], weight[part.box.slices] = np.load(part.path)
    return image, weight


def test_image_of_a_group_has_the_bits_of_its_exposures_and_their_mean_by_weight_where_they_overlap(parts):
    (one, w1), (other, w2) = map(on_whole, parts[:2])
    image = _image(_Group(parts, 0), WHOLE)
    both = (w1 > 0) & (w2 > 0)
    assert both.sum() == 9
    np.testing.assert_array_equal(image[~both], np.where(w1 > 0, one, other)[~both])
    np.testing.assert_allclose(image[both], ((one * w1 + other * w2) / (w1 + w2))[both], rtol=1e-6)


def test_tiles_of_an_image_make_the_image(parts):
    tiles = [_image(_Group(parts, 9), Box(x, 0, x + 4, 6)) for x in (0, 4)]
    np.testing.assert_array_equal(np.hstack(tiles), _image(_Group(parts, 9), WHOLE))


def test_pixels_of_low_weight_are_dropped(parts):
    (_, w1), (_, w2) = map(on_whole, parts[:2])
    threshold = _threshold(0.9, parts)
    weight = (w1 + w2)[w1 + w2 > 0]
    assert threshold == pytest.approx(0.9 * weight.mean(), rel=0.1)
    assert np.isnan(_image(_Group(parts, threshold), WHOLE)).sum() == (w1 + w2 < threshold).sum() > 5


def test_median_leaves_out_what_is_no_number():
    cube = np.random.default_rng(1).normal(size=(5, 20, 30)).astype(np.float32)
    cube[np.random.default_rng(2).random(cube.shape) < 0.4] = np.nan
    assert np.isnan(cube).all(axis=0).any()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN", RuntimeWarning)
        expected = np.nanmedian(cube, axis=0)
    np.testing.assert_array_equal(_median(cube.copy()), expected)
