"""Levels of detail: each pixel of the mosaic is in a tile of each level, in the page or beside it."""

import json
import re

import numpy as np
import pytest
from astropy.io import fits

from app.observation.names import REPORT_FILES
from app.record.report_files import are_ours
from app.report import pyramid as module
from app.report.page import write_report
from app.report.pixels import Pixels
from app.report.pyramid import TILE, depth_of, finest_in_page, pyramid
from tests.browser import COMMON, visit
from tests.report.test_viewer import decoded

SHAPE = (1100, 700)


@pytest.fixture
def mosaic(tmp_path):
    """A slope in both directions, without data in a corner and in a whole tile; a star in the last pixel."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    image = (x + 2.0 * y).astype(np.float32)
    image[:100, :60] = np.nan
    image[512:1024, 512:] = np.nan
    image[-1, -1] = 9000
    path = tmp_path / "x_i2d.fits"
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(image, name="SCI")]).writeto(path)
    return path, image


def whole(path):
    return Pixels(SHAPE, ((path, 0, 0),))


def values(found, name):
    """Values of a tile, the lowest row first; NaN where there are no data."""
    picture, there = found.tiles[name]
    levels = decoded(picture, "L")[::-1]
    known = decoded(there, "RGBA")[::-1, :, 3] > 0 if there else np.ones(levels.shape, bool)
    return np.where(known, [[found.levels.value(v) for v in row] for row in np.maximum(levels, 1)], np.nan)


def test_each_level_holds_the_whole_mosaic(mosaic, tmp_path):
    path, image = mosaic
    found = pyramid(whole(path), 0, tmp_path, 1)
    assert (found.depth, found.beside) == (2, [])
    assert {name for name in found.tiles if name[0] == "0"} == {"0_0_0", "0_1_0", "0_0_1", "0_0_2", "0_1_2"}
    full = values(found, "0_0_0")
    assert np.isnan(full[:100, :60]).all()
    assert np.isfinite(full[100:]).all()
    assert np.nanmedian(np.abs(full - image[:TILE, :TILE])) < 10
    last = values(found, "0_1_2")
    assert np.isfinite(last).sum() == (1100 - 1024) * (700 - 512)
    assert last[75, 187] > 5000, "the brightest pixel is no brighter than the brightest level"
    coarse = values(found, "2_0_0")
    assert np.isfinite(coarse).any(axis=1).sum() == 1100 / 4
    assert np.isfinite(coarse).any(axis=0).sum() == 700 / 4
    assert coarse[200, 20] == pytest.approx(image[800:804, 80:84].mean(), abs=20)


def test_tiles_of_a_mosaic_are_shown_as_one(mosaic, tmp_path):
    path, image = mosaic
    limits = [(0, 0, 400, 600), (380, 0, 700, 600), (0, 590, 700, 1100)]  # columns and rows, with overlaps
    for number, (x0, y0, x1, y1) in enumerate(limits):
        part = fits.ImageHDU(image[y0:y1, x0:x1], name="SCI")
        fits.HDUList([fits.PrimaryHDU(), part]).writeto(tmp_path / f"{number}_i2d.fits")
    parts = Pixels(SHAPE, tuple((tmp_path / f"{n}_i2d.fits", *place[:2]) for n, place in enumerate(limits)))
    assert pyramid(parts, 0, tmp_path, 1) == pyramid(whole(path), 0, tmp_path, 1)


def test_what_is_too_large_for_the_page_stands_beside_it(mosaic, tmp_path):
    found = pyramid(whole(mosaic[0]), 1, tmp_path, 1)
    assert all(name[0] > "0" for name in found.tiles)
    assert sorted(found.beside) == ["0_0_0", "0_0_1", "0_0_2", "0_1_0", "0_1_2"]
    call = (tmp_path / "0_0_1.js").read_text()
    name, tile = re.fullmatch(r'lv3Tile\("([^"]*)", (.*)\);', call).groups()
    assert name == "0_0_1"
    assert decoded(json.loads(tile)[0], "L").shape == (TILE, TILE)


def test_the_page_holds_as_much_as_is_not_too_large():
    assert [depth_of(shape) for shape in ((60, 60), (512, 512), (513, 10), (5000, 4000))] == [0, 0, 1, 4]
    assert [finest_in_page(n, 4) for n in (1e6, 5e6, 17e6, 1e12)] == [0, 1, 2, 4]


@pytest.fixture
def large(finished, mosaic, tmp_path, monkeypatch):
    """The record of a run whose mosaic does not fit the page."""
    monkeypatch.setattr(module, "IN_PAGE", 300_000)
    entry = finished["measurements"]["mosaic"]
    mosaic[0].replace(tmp_path / entry["file"])
    finished["measurements"]["catalogue"] = None
    entry |= {"shape": list(SHAPE), "coverage": SHAPE[0] * SHAPE[1] * (entry["pixel_scale"] / 60) ** 2}
    return finished


LOOK = """
  const place = document.getElementById("viewer"), wait = (t) => new Promise((done) => setTimeout(done, t));
  const names = () => [...place.querySelectorAll("canvas.leaflet-tile")].map((tile) => tile.dataset.name[0]);
  const until = async (done) => { for (let i = 0; i < 200 && !done(); i++) await wait(50); };
  await until(() => place.dataset.isDrawn);
  const levels = [names()];
  for (let i = 0; i < 2; i++) { place.querySelector(".leaflet-control-zoom-in").click(); await wait(600); }
  await until(() => FOUND); await wait(200);
  levels.push(names());
  const box = place.getBoundingClientRect(), [clientX, clientY] = [box.left + box.width / 2, box.top + box.height / 2];
  const said = document.getElementById("shades").elements.readout.value;
  place.dispatchEvent(new MouseEvent("mousemove", { clientX, clientY, bubbles: true }));
  seen = { ...COMMON, levels, said, readout: document.getElementById("shades").elements.readout.value };
""".replace("COMMON", COMMON)


@pytest.mark.browser
def test_full_resolution_is_fetched_from_beside_the_page(large, tmp_path):
    page = write_report(large, tmp_path)
    assert len(list((tmp_path / REPORT_FILES).iterdir())) == 5
    drawn = 'names().includes("0") && !document.head.querySelector("script[src]")'
    seen, console = visit(page, LOOK.replace("FOUND", drawn), "--window-size=1300,900", wait=60_000)
    assert console == []
    assert "0" not in seen["levels"][0]
    assert set(seen["levels"][1]) == {"0"}
    x, y, value = re.search(r"pixel ([\d.]+) ([\d.]+): ([\d.e+]+)", seen["readout"]).groups()
    assert float(value) == pytest.approx(float(x) + 2 * float(y), rel=0.03)


@pytest.mark.browser
def test_without_that_folder_the_page_shows_what_it_has(large, tmp_path):
    page = write_report(large, tmp_path)
    (tmp_path / REPORT_FILES).rename(tmp_path / "elsewhere")
    seen, _ = visit(page, LOOK.replace("FOUND", 'names().includes("1")'), "--window-size=1300,900", wait=60_000)
    assert set(seen["levels"][1]) == {"1"}
    assert seen["said"] == f"Finer levels are files in {REPORT_FILES}, which is not beside this page."


def test_the_folder_is_made_anew_where_it_is_ours_and_goes_where_it_is_not_needed(large, tmp_path, monkeypatch):
    write_report(large, tmp_path)
    (tmp_path / REPORT_FILES / "3_0_0.js").touch()
    write_report(large, tmp_path)
    assert not (tmp_path / REPORT_FILES / "3_0_0.js").exists()
    monkeypatch.setattr(module, "IN_PAGE", 10**7)
    write_report(large, tmp_path)
    assert not (tmp_path / REPORT_FILES).exists()
    assert not list(tmp_path.glob(".jwst-lv3*"))


def test_what_is_not_ours_stays(large, tmp_path):
    mine = tmp_path / REPORT_FILES / "notes.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    assert not are_ours(tmp_path)
    assert "holds what is not this program" in write_report(large, tmp_path).read_text()
    assert mine.read_text() == "mine"
