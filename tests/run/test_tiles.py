"""A mosaic in tiles: the pixels of the one mosaic, each tile a mosaic by itself, and some of them by another run."""

import json
import warnings
from importlib import resources

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from astropy.utils.exceptions import AstropyWarning
from astropy.wcs import WCS
from jsonschema import validate
from jwst.datamodels import ImageModel

from app.observation.names import TILE
from app.run.result import read_result
from app.runtime.checkpoints import Answers
from app.runtime.signals import Interrupted
from app.simulation import simulate_observation
from tests.runs import run

pytestmark = pytest.mark.slow

SCHEMA = json.loads(resources.files("app.record").joinpath("record.schema.json").read_text())
PLANES = ("SCI", "ERR", "WHT", "CON", "VAR_RNOISE", "VAR_FLAT", "VAR_POISSON")
TILES = {"tile_size": 110, "tile_overlap": 16}
ROOT = "ngc0628_miri_lv3_f770w"


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    """Three dithers in a diagonal line, so that the corners of the mosaic are empty."""
    return simulate_observation(tmp_path_factory.mktemp("exposures"), n_dithers=3, dither_size=10.0, window=(104, 104))


@pytest.fixture(scope="module")
def one(truth, crds, tmp_path_factory):
    out = tmp_path_factory.mktemp("one") / "out"
    run(truth, out, crds)
    return out


@pytest.fixture(scope="module")
def made():
    """Tiles in the order in which they were finished."""
    return []


@pytest.fixture(scope="module")
def tiled(truth, crds, tmp_path_factory, made):
    """A run that was cut off after two tiles."""
    out, keep = tmp_path_factory.mktemp("tiled") / "out", Answers.keep

    def counted(answers, number, name, result):
        keep(answers, number, name, result)
        if TILE.fullmatch(name):
            made.append(name)
            if len(made) == 2:
                raise Interrupted(15)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Answers, "keep", counted)
        with pytest.raises(Interrupted):
            run(truth, out, crds, **TILES)
        assert not list(out.glob("*_i2d.fits"))  # nothing is published before all is whole
        run(truth, out, crds, report=True, **TILES)
    return out


def test_a_run_that_is_cut_off_goes_on_and_makes_no_tile_twice(tiled, made):
    assert made == [tile["name"] for tile in index_of(tiled)["tiles"]]
    assert len(read_result(tiled).record["starts"]) == 2
    assert not [path for path in tiled.iterdir() if path.name.startswith(".")]


def index_of(folder):
    return json.loads((folder / "tiles.json").read_text())


def test_pixels_are_those_of_the_one_mosaic_to_the_bit(one, tiled):
    index = index_of(tiled)
    with fits.open(one / f"{ROOT}_i2d.fits") as whole:
        assert whole["SCI"].shape == tuple(index["shape"])
        assert len(index["tiles"]) > 3
        left = whole["WHT"].data > 0
        for tile in index["tiles"]:
            x0, y0, x1, y1 = tile["limits"]
            with fits.open(tiled / tile["file"]) as hdus:
                for name in PLANES:
                    expected = whole[name].data[..., y0:y1, x0:x1]
                    assert hdus[name].data.dtype == expected.dtype
                    np.testing.assert_array_equal(hdus[name].data, expected, err_msg=f"{tile['name']} {name}")
            left[y0:y1, x0:x1] = False
    assert not left.any()  # no pixel with data is in no tile


def test_cells_without_data_are_not_written(one, tiled):
    index = index_of(tiled)
    rows, columns = index["n_rows_columns"]
    assert len(index["tiles"]) < rows * columns
    assert sorted(path.name for path in tiled.glob("*_i2d.fits")) == sorted(tile["file"] for tile in index["tiles"])


def test_each_tile_is_a_mosaic_on_the_common_grid(one, tiled):
    with fits.open(one / f"{ROOT}_i2d.fits") as hdus:
        whole = hdus["SCI"].header
    with ImageModel(one / f"{ROOT}_i2d.fits") as model:
        wcs = model.meta.wcs
    for tile in index_of(tiled)["tiles"]:
        x0, y0, x1, y1 = tile["limits"]
        with ImageModel(tiled / tile["file"]) as model:
            header = fits.getheader(tiled / tile["file"], "SCI")
            assert (header["CRVAL1"], header["CRVAL2"]) == (whole["CRVAL1"], whole["CRVAL2"])
            assert header["CRPIX1"] == pytest.approx(whole["CRPIX1"] - x0, abs=1e-9)
            assert header["CRPIX2"] == pytest.approx(whole["CRPIX2"] - y0, abs=1e-9)
            here, there = model.meta.wcs(10.0, 20.0), wcs(10.0 + x0, 20.0 + y0)
            np.testing.assert_allclose(here, there, rtol=0, atol=1e-12)
            with warnings.catch_warnings():  # dates that astropy completes
                warnings.simplefilter("ignore", AstropyWarning)
                in_fits = WCS(header).pixel_to_world_values(10.0, 20.0)
            np.testing.assert_allclose(in_fits, there, rtol=0, atol=1e-9)
            np.testing.assert_allclose(tile["corners"][0], model.meta.wcs(-0.5, -0.5), rtol=0, atol=1e-9)
            assert model.meta.wcs.array_shape == model.data.shape == (y1 - y0, x1 - x0)
            assert model.meta.cal_step.resample == "COMPLETE"
            assert model.meta.filename == tile["file"]
            assert len(model.hdrtab) == len(tile["exposures"]) == model.meta.resample.pointings
            bits = np.bitwise_or.reduce(model.con.astype(np.uint32), axis=(1, 2))
            assert tile["bits"] == [i for i in range(3) if bits[i // 32] >> i % 32 & 1]
    assert any(len(tile["exposures"]) < 3 for tile in index_of(tiled)["tiles"])


def test_each_tile_has_a_catalogue_of_its_own(one, tiled):
    whole = Table.read(one / f"{ROOT}_cat.ecsv")
    found = 0
    for tile in index_of(tiled)["tiles"]:
        path = tiled / tile["file"].replace("_i2d.fits", "_cat.ecsv")
        for row in Table.read(path) if path.is_file() else ():
            near = np.hypot(
                whole["xcentroid"] - row["xcentroid"] - tile["limits"][0],
                whole["ycentroid"] - row["ycentroid"] - tile["limits"][1],
            )
            found += near.min() < 0.5
        assert path.is_file() == path.with_name(path.name.replace("_cat.ecsv", "_segm.fits")).is_file()
    assert found >= 0.7 * len(whole)  # others are cut by the edges of small tiles


def test_exposures_and_what_is_measured_of_them_are_the_same(one, tiled):
    for path in one.glob("*_crf.fits"):
        with fits.open(path) as first, fits.open(tiled / path.name) as second:
            np.testing.assert_array_equal(first["SCI"].data, second["SCI"].data)
            np.testing.assert_array_equal(first["DQ"].data, second["DQ"].data)
    first, second = (read_result(folder).record["measurements"] for folder in (one, tiled))
    assert first["overlaps"] == second["overlaps"]
    for a, b in zip(first["exposures"], second["exposures"], strict=True):
        assert a["contribution"] == pytest.approx(b["contribution"], rel=1e-9)


def test_record_and_report_say_how_the_tiles_are(one, tiled, crds):
    result = read_result(tiled)
    measured, index = result.record["measurements"], index_of(tiled)
    validate(result.record, SCHEMA)
    assert [row["name"] for row in measured["tiles"]] == [tile["name"] for tile in index["tiles"]]
    whole = read_result(one).record["measurements"]["mosaic"]
    assert measured["mosaic"]["coverage"] == pytest.approx(whole["coverage"], rel=1e-6)
    assert measured["mosaic"]["shape"] == whole["shape"]
    assert measured["catalogue"]["n_sources"] == sum(row["n_sources"] or 0 for row in measured["tiles"])
    page = (tiled / "lv3_report.html").read_text()
    assert all(tile["file"] in page for tile in index["tiles"])
    assert 'alt="The mosaic"' in page
    assert result.mosaic is None
    assert [path.name for path in result.tiles] == sorted(tile["file"] for tile in index["tiles"])


def test_the_index_is_a_table_and_regions_too(tiled):
    index, table = index_of(tiled), Table.read(tiled / "tiles.ecsv")
    assert list(table["name"]) == [tile["name"] for tile in index["tiles"]]
    assert table["ra1"].unit == "deg"
    head, *lines = (tiled / "tiles.reg").read_text().splitlines()
    assert head == "icrs"
    assert [line.rpartition("text=")[2] for line in lines] == [f"{{{tile['name']}}}" for tile in index["tiles"]]


def test_the_same_again_is_finished(truth, crds, tiled):
    before = (tiled / "lv3_run.json").read_bytes()
    run(truth, tiled, crds, **TILES)
    assert (tiled / "lv3_run.json").read_bytes() == before


def test_another_run_makes_some_of_the_tiles_from_the_exposures_of_the_first(truth, crds, tiled, tmp_path):
    """As a job of a cluster does, with the crf files and nothing but resampling and catalogue."""
    name = index_of(tiled)["tiles"][0]["name"]
    options = {"in_dir": tiled, "step_ext": "crf", "tiles": [name]}
    record = run(truth, tmp_path / "out", crds, procs=2, **TILES, **options)
    assert record["steps"] == ["resample", "source_catalog"]
    assert [caveat["code"] for caveat in record["caveats"]] == []
    (tile,) = index_of(tmp_path / "out")["tiles"]
    assert not list((tmp_path / "out").glob("*_crf.fits"))
    with fits.open(tiled / tile["file"]) as first, fits.open(tmp_path / "out" / tile["file"]) as second:
        for plane in PLANES:
            np.testing.assert_array_equal(first[plane].data, second[plane].data, err_msg=plane)
