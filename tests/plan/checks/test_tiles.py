"""Tiles that the grid does not have, and steps that make a mosaic in one piece only."""

import pytest

from app.runtime.errors import ConfigError

TILES = {"tile_size": 100, "tile_overlap": 20}


def test_tiles_that_the_grid_does_not_have_are_named_with_those_that_it_has(look):
    (error,) = look(**TILES, tiles=["r00c00", "r09c00", "r00c17"]).errors
    assert isinstance(error, ConfigError)
    assert "tiles: r09c00, r00c17: the grid of" in str(error)
    assert "r00c00 to r" in str(error)


@pytest.mark.parametrize(
    "parameters",
    [
        {"resample": {"kernel": "gaussian"}},
        {"resample": {"propagate_dq": True}},
        {"outlier_detection": {"resample_data": False}},
    ],
)
def test_steps_that_make_a_mosaic_in_one_piece_only(look, parameters):
    (error,) = look(**TILES, jwst_parameters=parameters).errors
    assert "tile_size=100: tiles are made by this program's own resampling" in str(error)


def test_finished_exposures_are_not_finished_again(look, folder):
    for path in folder.glob("*_cal.fits"):
        path.rename(path.with_name(path.name.replace("_cal", "_crf")))
    options = TILES | {"step_ext": "crf", "tiles": ["r00c00"]}
    assert look(folder, **options).errors == []
    (error,) = look(folder, **options, jwst_parameters={"skymatch": {"skip": False}}).errors
    assert "tiles of step_ext=crf: exposures that are finished go into tiles as they are" in str(error)
    assert "; skymatch would change them" in str(error)


def test_no_mosaic_to_make_in_tiles(look):
    (error,) = look(**TILES, jwst_parameters={"resample": {"skip": True}}).errors
    assert "tile_size=100: there will be no mosaic" in str(error)


def test_tiles_need_less_memory_than_a_mosaic_and_some_of_them_less_disk_than_all(look):
    fine = {"mosaic_pixel_scale": 0.01}
    whole, tiles, one = (
        look(**fine, **options).cost for options in ({}, {"tile_size": 1000}, {"tile_size": 1000, "tiles": ["r00c00"]})
    )
    assert tiles.n_tiles > 1 == one.n_tiles
    assert tiles.cells[0] * tiles.cells[1] == tiles.n_tiles
    assert one.cells == tiles.cells
    assert one.memory <= tiles.memory < whole.memory
    assert one.disk < tiles.disk
    assert tiles.n_files == whole.n_files + 3 * (tiles.n_tiles - 1) + 3
