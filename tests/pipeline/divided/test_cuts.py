import tracemalloc

import numpy as np
import pytest
from gwcs.wcs import WCS
from jwst.datamodels import ModelLibrary
from stcal.resample.utils import calc_pixmap

from app.pipeline.box import Box
from app.pipeline.divided.cuts import Grid, map_pixels
from app.pipeline.divided.exposure_files import read_exposure
from app.pipeline.divided.library import ExposureLibrary


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        (Box(0, 0, 4, 4), Box(2, 1, 9, 3), Box(2, 1, 4, 3)),
        (Box(0, 0, 4, 4), Box(4, 0, 9, 4), None),
        (Box(0, 0, 4, 4), Box(6, 6, 9, 9), None),
    ],
)
def test_common_part_of_boxes(one, other, common):
    assert (one & other) == common if common else not (one & other)


def test_box_around_boxes_leaves_out_empty_ones():
    assert Box.around([Box(3, 4, 5, 6), Box(0, 0, 0, 0), Box(1, 5, 2, 9)]) == Box(1, 4, 5, 9)
    assert not Box.around([Box(0, 0, 0, 0)])


def test_box_as_an_index():
    mosaic = np.arange(80).reshape(8, 10)
    outer, inner = Box(2, 1, 9, 8), Box(4, 3, 6, 5)
    assert np.array_equal(mosaic[outer.slices][inner.inside(outer)], mosaic[inner.slices])


@pytest.fixture(scope="module")
def grid(dithers):
    return Grid.chosen(ModelLibrary(list(map(str, dithers.files))), {"blendheaders": False})


def test_an_exposure_lies_in_its_box(dithers, grid, crds, tmp_path):
    members = [{"expname": str(f), "exptype": "science", "group_id": f.stem} for f in dithers.files]
    table = {"products": [{"name": "product", "members": members}]}
    exposure = ExposureLibrary(table, procs=1).exposures()[0]
    pixels = map_pixels(grid, (exposure, tmp_path / "pixels.npy"))
    x, y = np.moveaxis(pixels.on(pixels.box), -1, 0)
    assert np.nanmin([x, y]) >= -0.5
    assert np.nanmax(x) <= pixels.box.shape[1] - 0.5
    assert np.nanmax(y) <= pixels.box.shape[0] - 0.5
    position = exposure.tree["meta"]["wcs"](20.0, 30.0)
    assert isinstance(grid.wcs, WCS)
    np.testing.assert_allclose(pixels.on(grid.box)[30, 20], grid.wcs.invert(*position), atol=1e-6)


@pytest.mark.parametrize("at_once", [1, 1000, 1 << 18])
@pytest.mark.parametrize("bounding_box", [None, ((4.5, 40.5), (-0.5, 20.2))])
def test_pixel_maps_have_the_bits_of_stcal(dithers, grid, monkeypatch, at_once, bounding_box):
    exposure = read_exposure(dithers.files[0])
    wcs, shape = exposure.tree["meta"]["wcs"], exposure.shape
    wcs.bounding_box = bounding_box
    wanted = calc_pixmap(wcs, grid.wcs, shape)
    assert np.isnan(wanted).any() == (bounding_box is not None)
    grids_own, around = grid.wcs.bounding_box, ((-0.5, 10.5), (-0.5, 10.5))
    grid.wcs.bounding_box = around  # of the mosaic: ignored, and there afterwards
    monkeypatch.setattr("app.pipeline.divided.cuts._PIXELS_AT_ONCE", at_once)
    try:
        assert grid.pixels_of(wcs, shape).tobytes() == wanted.tobytes()
        assert grid.wcs.bounding_box.bounding_box(order="F") == around
    finally:
        grid.wcs.bounding_box = grids_own


def test_maps_are_shared_only_between_equal_grids(dithers, grid):
    library = ModelLibrary(list(map(str, dithers.files)))
    again = Grid.chosen(library, {"blendheaders": False})
    shifted = Grid.chosen(library, {"blendheaders": False, "wcs_pars": {"crpix": (1.0, 2.0)}})
    coarse = Grid.chosen(library, {"blendheaders": False, "pixmap_stepsize": 10})
    assert grid.has_same_pixel_map(again)
    assert not grid.has_same_pixel_map(shifted)
    assert not grid.has_same_pixel_map(coarse)


def test_a_grid_takes_no_memory_for_its_pixels(dithers):
    library = ModelLibrary(list(map(str, dithers.files)))
    tracemalloc.start()
    try:
        large = Grid.chosen(library, {"blendheaders": False, "wcs_pars": {"output_shape": (20_000, 10_000)}})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert large.shape == (20_000, 10_000)
    assert peak < 50e6
