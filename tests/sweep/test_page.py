"""The sweep's page: what was varied, how good the mosaics are, pictures at one stretch, what is left."""

import csv
import os
import subprocess
import sys

import numpy as np
import pytest
from astropy.io import fits
from PIL import Image

from app.sweep import pictures
from app.sweep.measured import measured
from app.sweep.summary import Summary
from app.sweep.varied import alike, varied
from tests.browser import COMMON, visit
from tests.sweep.sweeps import write_record

GRID = {
    "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 24.0, "CRVAL2": 15.0, "CRPIX1": 150.0, "CRPIX2": 350.0,
    "CDELT1": -3e-5, "CDELT2": 3e-5,
}  # fmt: skip


def write_mosaic(path, data, **keys):
    header = fits.Header(GRID | keys)
    hdus = [fits.PrimaryHDU(), fits.ImageHDU(data.astype("f4"), header, name="SCI")]
    hdus.append(fits.ImageHDU(np.full(data.shape, 0.5, "f4"), name="ERR"))
    fits.HDUList(hdus).writeto(path, overwrite=True)


@pytest.fixture
def jobs(tmp_path):
    """Three mosaics of one target, the last on another grid, and a job that has failed."""
    data = np.random.default_rng(1).normal(size=(700, 300))
    data[:50] = np.nan
    told = []
    for name, keys in {"1.0": {}, "0.8": {}, "0.5": {"CRPIX1": 140.0}}.items():
        mosaic = {"noise": 0.012, "unit": "MJy/sr", "fwhm": 0.29}
        found = {"exposures": [{"offset": 0.003, "flagged": 0.01}], "mosaic": mosaic, "catalogue": {"n_sources": 7}}
        folder = write_record(tmp_path / name, measurements=found, config={"target": "m33", "band": "F770W"})
        write_mosaic(folder / "mosaic_i2d.fits", data + (name == "0.8"), **keys)
        told.append({"out_dir": str(folder), "overrides": f"target=m33 +jwst_parameters.resample.pixfrac={name}"})
    failed = {"state": "failed", "error": {"type": "X", "message": "<script>alert(1)</script>"}}
    folder = write_record(tmp_path / "bad", **failed)
    return [*told, {"out_dir": str(folder), "overrides": "target=m33 +jwst_parameters.resample.pixfrac=0.1"}]


def page(jobs, root):
    Summary(root, jobs).update()
    return (root / "sweep_report.html").read_text()


def test_what_jobs_differ_in():
    lines = ["a=1 out_dir=x 'b=2 3'", "a=1 out_dir=y +c=4 'b=3'", "a=1 out_dir=z b=3"]
    assert varied(lines) == [{"b": "2 3", "c": ""}, {"b": "3", "c": "4"}, {"b": "3", "c": ""}]
    assert alike(lines) == {"a": "1"}
    assert varied([]) == []


def test_what_is_said_of_quality():
    exposures = [{"offset": 0.003, "flagged": 0.01}, {"offset": 0.004, "flagged": None}, {"offset": None}]
    mosaic = {"noise": None, "depth": 0.012, "unit": "MJy/sr", "fwhm": 0.29}
    overlaps = [{"sky": 0.003}, {"sky": -0.004}, {"sky": None}]
    catalogue = {"n_sources": 7}
    record = {"exposures": exposures, "overlaps": overlaps, "mosaic": mosaic, "catalogue": catalogue}
    assert measured({"measurements": record}) == {
        "alignment_rms_mas": 3.5, "sky_rms": 0.003536, "noise": 0.012, "unit": "MJy/sr", "fwhm_arcsec": 0.29,
        "sources": 7, "flagged_percent": 1.0,
    }  # fmt: skip
    assert set(measured({}).values()) == {None}


def test_the_page_has_a_column_for_each_key_that_is_varied_and_says_the_rest_once(jobs, tmp_path):
    text = page(jobs, tmp_path)
    plain = text.replace("\N{ZERO WIDTH SPACE}", "")
    assert '<th scope="col" class="key">resample.pixfrac</th>' in plain
    assert "<td>0.8</td>" in plain
    assert "In all jobs: <code>target=m33</code>" in text
    with (tmp_path / "sweep_summary.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["jwst_parameters.resample.pixfrac"] for row in rows] == ["1.0", "0.8", "0.5", "0.1"]
    assert (rows[0]["noise"], rows[0]["sources"], rows[3]["noise"]) == ("0.012", "7", "")


def test_nothing_that_a_run_says_is_markup(jobs, tmp_path):
    text = page(jobs, tmp_path)
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_what_is_left_can_be_pasted(jobs, tmp_path):
    text = page(jobs, tmp_path)
    assert "1 of 4 jobs; with those that run, about 3 minutes" in text
    assert "<pre>jwst-lv3 target=m33 +jwst_parameters.resample.pixfrac=0.1\n</pre>" in text


def test_pictures_are_at_one_stretch_and_differences_where_grids_agree(jobs, tmp_path):
    page(jobs, tmp_path)
    folder = tmp_path / "sweep_thumbnails"
    assert sorted(path.name for path in folder.iterdir() if path.suffix == ".jpg") == [
        "0.5.jpg", "0.8.difference.jpg", "0.8.jpg", "1.0.jpg",
    ]  # fmt: skip
    means = {name: np.asarray(Image.open(folder / f"{name}.jpg")).mean() for name in ("1.0", "0.8", "0.5")}
    assert means["0.8"] > means["1.0"] + 5, "brighter by one"
    assert abs(means["0.5"] - means["1.0"]) < 1
    red, _, blue = np.median(np.asarray(Image.open(folder / "0.8.difference.jpg")), axis=(0, 1))
    assert red > blue + 50, "two errors brighter than the first"


def test_pictures_are_drawn_anew_only_where_mosaics_are(jobs, tmp_path):
    page(jobs, tmp_path)
    folder = tmp_path / "sweep_thumbnails"
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    newest = max(before.values()) + 10**9
    os.utime(tmp_path / "0.8/mosaic_i2d.fits", ns=(newest, newest))
    page(jobs, tmp_path)
    after = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert {name for name in after if after[name] != before[name]} == {"0.8.jpg", "0.8.difference.jpg"}


def test_a_mosaic_that_cannot_be_read_has_no_picture(jobs, tmp_path, caplog):
    (tmp_path / "1.0/mosaic_i2d.fits").write_text("no mosaic")
    assert "At the stretch of 2: 0.8" in page(jobs, tmp_path)
    assert "1.0/mosaic_i2d.fits: no picture" in caplog.text


def test_no_mosaic_no_pictures(tmp_path):
    assert pictures.galleries([], tmp_path) == []
    assert not (tmp_path / pictures.THUMBNAILS).exists()


PROBE = """
  const blink = document.querySelector(".blink"), button = blink.querySelector("button");
  const [below, above] = blink.querySelectorAll("img"), name = () => blink.querySelector("figcaption").textContent;
  for (const image of document.images) image.loading = "eager";
  while (![...document.images].every((image) => image.complete)) await new Promise((done) => setTimeout(done, 50));
  const box = document.querySelector(".table");
  const rows = () => [...document.querySelectorAll("tbody tr")].filter((row) => row.offsetHeight);
  const hidden = box.scrollWidth - box.clientWidth, names = [name()];
  button.click(); await new Promise((done) => setTimeout(done, 1000)); names.push(name());
  const isAbove = getComputedStyle(above).visibility; button.click(); names.push(name());
  const head = [...document.querySelectorAll("th")].find((th) => th.textContent.endsWith("pixfrac"));
  head.click(); const sorted = rows().map((row) => row.cells[1].textContent.replace(/\\u200b/g, ""));
  const words = document.querySelector("input"); words.value = "failed"; words.dispatchEvent(new Event("input"));
  seen = { ...COMMON, names, isAbove, size: below.clientWidth, sorted, filtered: rows().length, hidden };
""".replace("COMMON", COMMON)


@pytest.mark.browser
@pytest.mark.parametrize("width", [1300, 500])
def test_the_page_in_a_browser(jobs, tmp_path, width):
    for n, job in enumerate(jobs):
        job["overrides"] += (
            f" +jwst_parameters.outlier_detection.snr='{n} {n}' tweakreg_grouping=degroup_short_chips_{n}"
        )
    page(jobs, tmp_path)
    seen, console = visit(tmp_path / "sweep_report.html", PROBE, f"--window-size={width},900", wait=20_000)
    assert console == []
    assert (seen["broken"], seen["wide"]) == ([], False)
    assert width < 1300 or seen["hidden"] <= 0, "no column is off the screen"
    assert all("/sweep_thumbnails/" in name for name in seen["fetched"])
    assert [name[:6] for name in seen["names"]] == ["1: 1.0", "2: 0.8", "1: 1.0"]
    assert seen["isAbove"] == "visible"
    assert (seen["sorted"], seen["filtered"]) == (["0.1", "0.5", "0.8", "1.0"], 1)


def test_the_page_is_written_where_only_what_sweeps_need_is_installed():
    """On a login node: requirements/login.in."""
    missing = {"gwcs", "jwst", "photutils", "scipy", "shapely", "stcal", "stdatamodels"}
    code = f"import sys, app.sweep.sweep, app.sweep.pictures; print(sorted({missing} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
