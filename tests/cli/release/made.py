"""Runs that were never run: a folder with mosaic, catalogue, segmentation map and record, in no time."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

from app.cli.release.runs import Run
from app.config.schema import Lv3Config
from app.record.provenance import datasums
from app.runtime.files import sha256

SCALE = 0.1 / 3600  # [deg]
RA, DEC = 24.17, 15.78
VERSIONS = {"jwst-lv3": "0.1.0", "jwst": "3.0.0", "numpy": "2.0"}
TIMES = (100.0, 40.0, 7.0)


def make_run(
    folder: Path,
    *,
    target: str = "ngc0628",
    band: str = "F770W",
    turn: float = 30.0,
    blended: bool = True,
    **facts: Any,
) -> Run:
    """A finished run, whose mosaic is an L turned by so many degrees; `facts` are put into its record."""
    folder.mkdir(parents=True)
    instrument = "MIRI" if band in ("F770W", "F2100W") else "NIRCAM"
    root = f"{target}_{instrument}_lv3_{band}".lower()
    mosaic = _mosaic(band, instrument, turn)
    if not blended:  # jwst_parameters.resample.blendheaders=false
        del mosaic["HDRTAB"]
    mosaic.writeto(folder / f"{root}_i2d.fits")
    segments = fits.ImageHDU(np.zeros(mosaic["SCI"].shape, np.uint32), name="SCI")
    fits.HDUList([fits.PrimaryHDU(header=mosaic[0].header), segments]).writeto(folder / f"{root}_segm.fits")
    (folder / f"{root}_cat.ecsv").write_text("# %ECSV 1.0\nlabel\n1\n")
    config = asdict(Lv3Config(target=target, band=band, in_dir="/secret/place", dr_version="v1"))
    corners = [[RA, DEC], [RA - 0.001, DEC], [RA - 0.001, DEC + 0.001], [RA, DEC + 0.001]]
    exposures = [
        {
            "file": f"jw01234001001_02101_0000{n}_{instrument}_cal.fits",
            "group": f"g{n // 2}",
            "footprint": corners,
        }
        for n in range(len(TIMES))
    ]
    record = {
        "schema": 1, "state": "success", "started": "2026-11-22T10:00:00+00:00",
        "finished": "2026-11-22T10:03:00+00:00",
        "config": config, "versions": VERSIONS, "image": None, "host": {"name": "secret-host"}, "error": None,
        "inputs": [{"file": f"/secret/place/{e['file']}", "role": "science", "sha256": "0" * 64} for e in exposures],
        "caveats": [], "groups": {}, "times": {}, "pipeline": "complete",
        "parameters": {"steps": {"tweakreg": {"minobj": 6, "abs_refcat": "/secret/place/gaia.ecsv"}}},
        "parameter_origins": {"tweakreg": {"minobj": "user", "abs_refcat": "user"}},
        "products": [_product(path) for path in sorted(folder.iterdir())],
        "measurements": {"exposures": exposures, "mosaic": {"fwhm": 0.27, "coverage": 0.1, "pixel_scale": 0.1}},
    } | facts  # fmt: skip
    (folder / "lv3_run.json").write_text(json.dumps(record, default=str))
    return Run(folder, json.loads((folder / "lv3_run.json").read_text()))


def _product(path: Path) -> dict[str, Any]:
    entry = {"file": path.name, "size": path.stat().st_size, "sha256": sha256(path)}
    return entry | ({"datasum": datasums(path)} if path.suffix == ".fits" else {})


def covered(shape: tuple[int, int] = (120, 100)) -> np.ndarray:
    """The pixels of the L, without a hole and a far single pixel."""
    found = np.zeros(shape, bool)
    found[10:110, 10:40] = found[10:40, 10:90] = True
    return found


def header(turn: float, shape: tuple[int, int] = (120, 100)) -> fits.Header:
    """The WCS of the mosaic, as jwst writes it."""
    sin, cos = np.sin(np.radians(turn)), np.cos(np.radians(turn))
    wcs = WCS(naxis=2)
    wcs.wcs.crpix, wcs.wcs.crval, wcs.wcs.cdelt = (48.3, 61.7), (RA, DEC), (SCALE, SCALE)
    wcs.wcs.ctype, wcs.wcs.pc, wcs.wcs.radesys = ("RA---TAN", "DEC--TAN"), [[-cos, sin], [sin, cos]], "ICRS"
    found = wcs.to_header()
    for i in (1, 2):  # astropy leaves out what is 0
        for j in (1, 2):
            found[f"PC{i}_{j}"] = wcs.wcs.pc[i - 1, j - 1]
    for key in ("MJDREF", "LATPOLE", "LONPOLE"):
        found.remove(key, ignore_missing=True)
    return found


def _mosaic(band: str, instrument: str, turn: float) -> fits.HDUList:
    inside = covered()
    values = np.random.default_rng(int(band[1:-1])).normal(1, 0.1, inside.shape).astype(np.float32)
    values[20:23, 20:23] += 50  # a star, in the short arm's corner
    science = fits.ImageHDU(np.where(inside, values, np.nan).astype(np.float32), header(turn), name="SCI")
    science.header.update({"BUNIT": "MJy/sr", "MJD-BEG": 59960.0, "MJD-END": 59960.5, "XPOSURE": 147.0})
    science.header["S_REGION"] = "POLYGON ICRS  1 1 2 1 2 2"
    context = np.zeros((1, *inside.shape), np.int32)
    context[0][inside] = 0b101
    context[0, 10:40, 10:40] = 0b111
    error = fits.ImageHDU(np.where(inside, 0.1, np.nan).astype(np.float32), name="ERR")
    error.header["BUNIT"] = "MJy/sr"
    primary = fits.PrimaryHDU()
    primary.header.update(
        {"FILENAME": "x", "TELESCOP": "JWST", "INSTRUME": instrument, "FILTER": band, "PROGRAM": "01234", "TARG_RA": RA,
         "TARG_DEC": DEC, "DATE-BEG": "2023-01-16T00:00:00", "DATE-END": "2023-01-16T12:00:00", "SDP_VER": "simulated"}
    )  # fmt: skip
    names = [f"jw01234001001_02101_0000{n}_x_crf.fits" for n in range(len(TIMES))]
    table = fits.BinTableHDU.from_columns(
        [
            fits.Column("FILENAME", "40A", array=names),
            fits.Column("XPOSURE", "D", array=TIMES),
        ],
        name="HDRTAB",
    )
    weight = fits.ImageHDU(inside.astype(np.float32), name="WHT")
    return fits.HDUList([primary, science, error, fits.ImageHDU(context, name="CON"), weight, table])


def make_config(out: Path, release_dir: Path, **options: Any) -> Lv3Config:
    """The configuration of action=release for a run or for the runs in a folder."""
    told = {"hlsp_id": "my-survey", "hlsp_name": "My survey", "hlsp_lead": "A. Nobody", "hlsp_contact": "a@example.org"}
    places = {"action": "release", "out_root": str(out), "release_dir": str(release_dir)}
    return Lv3Config(**({"procs": 1} | told | places | {"hlsp_doi": "10.17909/abcd"} | options))
