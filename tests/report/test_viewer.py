"""The viewer: its levels, what is laid over the mosaic, and what it does in a browser."""

import base64
import hashlib
import io
import json
import re
from importlib import resources

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from PIL import Image

from app.assess.measure.frames import open_fits, read_wcs
from app.assess.measure.sky_image import sky_image
from app.report import viewer as module
from app.report.flagged import flagged_cells
from app.report.levels import Levels, alpha_uri
from app.report.page import write_report
from app.report.viewer import view
from app.simulation import Faults, Scene, simulate_observation
from tests.browser import COMMON, visit

#: The beginnings of the SHA-256 of what npm's leaflet-1.9.4.tgz has in dist/.
PINNED = {"leaflet.js": "db49d009c841f5ca", "leaflet.css": "a783710282418482"}
SCALE = 0.11 / 3600
HEADER = {
    "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 24.1, "CRVAL2": 15.7, "CRPIX1": 11.0, "CRPIX2": 31.0,
    "CDELT1": -SCALE, "CDELT2": SCALE, "CUNIT1": "deg", "CUNIT2": "deg",
}  # fmt: skip


@pytest.fixture
def placed(finished, tmp_path):
    """The record of a run whose mosaic is on the sky and has a catalogue, a displaced star and evil names."""
    path = tmp_path / "ngc0628_miri_lv3_f770w_i2d.fits"
    with fits.open(path, mode="update") as hdus:
        hdus["SCI"].header.update(HEADER)
    wcs = WCS(fits.Header(HEADER))
    corners = np.transpose(wcs.wcs_pix2world([5, 50, 50, 5], [10, 10, 40, 40], 0)).tolist()
    for entry in finished["measurements"]["exposures"]:
        entry["footprint"], entry["group"] = corners, "</script><script>alert(1)"
    ra, dec = wcs.wcs_pix2world(30, 30, 0)
    star = {"place": [float(ra), float(dec)], "offset": [0.22, 0.0], "error": 0.004, "first": "a", "second": "b"}
    finished["measurements"]["displaced_stars"] = [star]
    head = (
        "label xcentroid ycentroid sky_centroid.ra sky_centroid.dec is_extended nn_dist isophotal_flux aper_total_abmag"
    )
    rows = ["1 30.0 30.0 24 15 False 99 1.0 20.5", "2 12.5 13.5 24 15 True 99 0.5 nan", "3 nan nan 24 15 False 9 1 9"]
    (tmp_path / "x_cat.ecsv").write_text("\n".join(["# %ECSV 1.0", "# ---", head, *rows]) + "\n")
    return finished


def decoded(uri, mode):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))).convert(mode))


def test_levels_are_fine_at_the_sky_and_hold_the_brightest():
    rng = np.random.default_rng(1)
    image = rng.normal(5, 0.1, (80, 90))
    image[40, 40], image[10] = 5e4, np.nan
    levels = Levels.of(image)
    found = levels.encode(image)
    assert (found[10] == 0).all()
    back = np.array([levels.value(level) for level in found[np.isfinite(image)]])
    error = np.abs(back - image[np.isfinite(image)])
    assert error.max() < 0.04 * 5e4
    assert np.median(error) < 0.03 * 0.1, "of the noise"
    assert levels.value(255) == pytest.approx(5e4)


def test_levels_of_what_has_none():
    for image in (np.full((4, 4), np.nan), np.full((4, 4), 3.0)):
        assert (Levels.of(image).encode(image) <= 255).all()


def test_counts_are_less_transparent_the_more():
    found = decoded(alpha_uri(np.array([[0, 1, 9]]), (255, 64, 64)), "RGBA")
    assert found[0, :, 3].tolist() == [0, 180, 255]
    assert found[0, 1, :3].tolist() == [255, 64, 64]


def test_what_is_laid_over_is_at_its_pixels(placed, tmp_path):
    found = view(placed, tmp_path, [])
    assert found["size"] == [60, 60]
    np.testing.assert_allclose(found["exposures"][0]["outline"], [[5, 10], [50, 10], [50, 40], [5, 40]], atol=0.01)
    (group,) = found["groups"]
    assert (group["n"], len(group["outlines"])) == (3, 1)
    assert found["sources"] == [[30.0, 30.0, 20.5, False], [12.5, 13.5, None, True]]
    (star,) = found["displaced"]
    np.testing.assert_allclose([star["place"], star["by"]], [[30, 30], [-2, 0]], atol=0.01)
    assert star["text"] == "220 \N{PLUS-MINUS SIGN} 4 mas apart in a and b"
    assert found["flagged"] is None
    flagged = decoded(view(placed, tmp_path, [np.array([[3, 4]]), np.array([[3, 4], [5, 6]])])["flagged"], "RGBA")
    assert (flagged[59 - 4, 3, 3], flagged[59 - 6, 5, 3]) == (220, 180), "twice, and once"


def test_without_a_place_on_the_sky_there_is_a_picture_alone(finished, tmp_path):
    found = view(finished, tmp_path, [])
    assert found["sky"] is None
    assert all(not e["outline"] for e in found["exposures"])


def test_where_flagged_pixels_are_is_shown_by_blocks(placed, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SIDE", 25)
    found = view(placed, tmp_path, [np.array([[19, 0]])])
    assert (found["step"], found["size"]) == (3, [60, 60])
    assert decoded(found["flagged"], "RGBA").shape == (20, 20, 4)


def test_flagged_pixels_are_where_the_sky_says(tmp_path):
    scene = Scene(faults=Faults(pointing_error=0.0, n_cosmic_rays=0))
    mosaic, exposure = simulate_observation(tmp_path, n_dithers=2, window=(96, 64), scene=scene).files[:2]
    with fits.open(exposure, mode="update") as file:
        file["DQ"].data[:] &= ~np.uint32(16)
        file["DQ"].data[30, 40:42] |= 16
        file["DQ"].data[0, 0] |= 1
    with sky_image(exposure) as part, sky_image(mosaic) as whole:
        found, coarse = (flagged_cells(part, whole, step) for step in (1, 8))
    with open_fits(exposure) as a, open_fits(mosaic) as b:
        x, y = read_wcs(b).invert(*read_wcs(a)([40.0, 41.0], [30.0, 30.0]), with_bounding_box=False)
    assert found.tolist() == np.rint(np.transpose([x, y])).astype(int).tolist()
    assert len(coarse) in (1, 2)


def test_the_program_is_the_one_that_was_published():
    """Leaflet 1.9.4 as npm has it, unchanged; its licence goes with it."""
    folder = resources.files("app.report") / "templates" / "leaflet"
    sums = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()[:16] for name in ("leaflet.js", "leaflet.css")
    }
    assert sums == PINNED
    assert "BSD 2-Clause" in (folder / "LICENSE").read_text()


PROBE = r"""
  const place = document.getElementById("viewer"), wait = (t) => new Promise((done) => setTimeout(done, t));
  while (!place.dataset.isDrawn) await wait(50);
  const canvas = place.querySelector("canvas.leaflet-tile"), form = document.getElementById("shades").elements;
  const shade = () => canvas.getContext("2d").getImageData(33, 511 - 30, 1, 1).data[0];
  const set = (item, value) => { item.value = value; item.dispatchEvent(new Event("input", { bubbles: true })); };
  const shades = [shade()];
  set(form.white, 255); shades.push(shade()); set(form.black, 254); shades.push(shade());
  form.invert.click(); shades.push(shade());
  const width = () => 512 * Number(place.querySelector(".leaflet-proxy").style.transform.match(/scale\((.*?)\)/)[1]);
  const widths = [width()];
  const until = async (done) => { for (let i = 0; i < 150 && !done(); i++) await wait(50); };
  place.querySelector(".leaflet-control-zoom-in").click();
  const isStill = () => !place.querySelector(".leaflet-zoom-anim");  // keys are not heard meanwhile
  await until(() => width() > 1.9 * widths[0] && isStill()); widths.push(width());
  place.dispatchEvent(new FocusEvent("focus"));
  place.dispatchEvent(new KeyboardEvent("keydown", { key: "-", keyCode: 189, bubbles: true }));
  await until(() => width() < 1.1 * widths[0] && isStill()); widths.push(width());
  const box = place.getBoundingClientRect();
  const labels = place.querySelectorAll(".leaflet-control-layers-overlays span span");
  const names = [...labels].map((label) => label.textContent.trim());
  const boxes = [...place.querySelectorAll(".leaflet-control-layers-selector")];
  const painted = () => {
    const over = [...place.querySelectorAll("canvas")].find((item) => !item.matches(".leaflet-tile"));
    const empty = over && Object.assign(document.createElement("canvas"), { width: over.width, height: over.height });
    return Boolean(over) && over.toDataURL() !== empty.toDataURL();
  };
  const drawn = [painted()]; boxes.forEach((box) => box.click()); await until(painted); drawn.push(painted());
  const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
  place.dispatchEvent(new MouseEvent("mousemove", { clientX: x, clientY: y, bubbles: true }));
  seen = { ...COMMON, shades, widths, names, drawn, readout: form.readout.value, shown: place.clientHeight };
""".replace("COMMON", COMMON)


@pytest.mark.browser
@pytest.mark.parametrize("width", [1300, 500])
def test_in_a_browser(placed, tmp_path, width):
    seen, console = visit(write_report(placed, tmp_path), PROBE, f"--window-size={width},900", wait=30_000)
    assert console == []
    assert (seen["broken"], seen["wide"], seen["fetched"]) == ([], False, [])
    assert seen["shown"] > 300
    first, whiter, blacker, inverted = seen["shades"]
    assert first >= whiter > blacker
    assert inverted == 255 - blacker
    assert seen["widths"][1] == pytest.approx(2 * seen["widths"][0], abs=2)
    assert seen["widths"][2] == pytest.approx(seen["widths"][0], abs=2)
    assert seen["names"] == ["exposures (3)", "groups (1)", "sources (2)", "displaced stars (1)"]
    assert seen["drawn"] == [False, True]
    assert re.match(r"24\.\d+ 15\.\d+ deg, pixel [\d.]+ [\d.]+: .* MJy/sr", seen["readout"])


def test_without_javascript_there_is_the_plain_picture(placed, tmp_path):
    text = write_report(placed, tmp_path).read_text()
    assert '<div id="viewer" hidden>' in text
    assert '<form id="shades" hidden>' in text
    assert 'alt="The mosaic"' in text
    data = re.search(r'<script type="application/json" id="view">(.*?)</script>', text, re.DOTALL)[1]
    assert "</" not in data
    assert json.loads(data)["groups"][0]["name"] == "</script><script>alert(1)"
