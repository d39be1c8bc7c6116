"""Records made up for reports: whole ones, and such as a run leaves that failed."""

from typing import Any

import numpy as np
import pytest
from astropy.io import fits

SIDE = 60


def exposure(number: int) -> dict[str, Any]:
    east = number / 3600
    return {
        "file": f"jw01234001001_02101_0000{number}_mirimage_cal.fits", "detector": "MIRIMAGE", "module": "",
        "group": f"jw01234001001_02101_0000{number}", "visit": "01234001001", "mid_time": 59960 + number / 100,
        "footprint": [[24.1 + east, 15.7], [24.09 + east, 15.7], [24.09 + east, 15.71], [24.1 + east, 15.71]],
        "moved": number > 1, "shift": [0.01 * number, -0.1], "rotation": 0.001, "scale": 1.0,
        "n_stars": 70, "n_matches": 60, "offset_before": 0.1, "offset": 0.001, "scatter": 0.002,
        "sky_level": 0.5, "sky_method": "match", "flagged": 0.001, "flagged_in_cores": None, "contribution": 0.99,
        "unused": {"outlier": 0.001, "saturated": 0.0, "jump": 0.0002, "bad": 0.004},
    }  # fmt: skip


def overlap(first: int, second: int) -> dict[str, Any]:
    return {
        "first": exposure(first)["file"], "second": exposure(second)["file"], "n_stars": 60,
        "offset_before": [0.1, -0.1], "offset": [0.001, 0.0], "n_samples": 400, "sky_before": 0.2, "sky": 0.001,
        "sky_error": 0.0003, "turn": 0.001, "turn_error": 0.002, "corner": 0.0171, "corner_error": 0.0012,
        "n_first": 65, "n_second": 66, "displacement": None,
    }  # fmt: skip


@pytest.fixture
def failed() -> dict[str, Any]:
    """The record of a run that failed in its first step."""
    return {
        "schema": 1, "state": "failed", "started": "2026-11-22T10:00:00+00:00",
        "finished": "2026-11-22T10:02:05+00:00", "duration": 125.0, "step": "tweakreg",
        "config": {"target": "ngc0628", "band": "F770W", "dr_version": "v1", "crds": {"context": "jwst_1584.pmap"}},
        "inputs": [
            {"file": "/data/a_cal.fits", "role": "science", "reason": "no sign of background", "sha256": "0" * 64}
        ],
        "groups": {}, "products": [], "caveats": [],
        "error": {"type": "AlignmentError", "message": "tweakreg: no <b>star</b> at all"},
        "times": {"tweakreg": 125.0}, "versions": {"jwst-lv3": "0.1.0", "jwst": "3.0.0"}, "image": None,
        "host": {"name": "here", "system": "Linux", "cores": 2, "memory": 10**10, "pid": 1, "job": None},
        "peak_memory": {"main": 3 * 10**8, "largest_worker": 0},
    }  # fmt: skip


@pytest.fixture
def finished(failed, tmp_path) -> dict[str, Any]:
    """The record of a run that was finished, with a caveat; its mosaic is in tmp_path."""
    y, x = np.mgrid[:SIDE, :SIDE]
    image = np.where(x < 5, np.nan, np.exp(-((x - 30) ** 2 + (y - 30) ** 2) / 8)).astype(np.float32)
    weight = np.where(x < 5, 0, 1).astype(np.float32)
    hdus = [fits.PrimaryHDU(), fits.ImageHDU(image, name="SCI"), fits.ImageHDU(weight, name="WHT")]
    fits.HDUList(hdus).writeto(tmp_path / "ngc0628_miri_lv3_f770w_i2d.fits")
    mosaic = {
        "file": "ngc0628_miri_lv3_f770w_i2d.fits", "shape": [SIDE, SIDE], "unit": "MJy/sr", "pixel_scale": 0.11,
        "footprint": exposure(1)["footprint"], "coverage": 0.5, "exposures": {"1": 0.1, "2": 0.9}, "depth": 0.01,
        "noise": 0.012, "fwhm": 0.29, "n_psf_stars": 12,
        "correlated_noise": {"scatter_ratio": 0.6, "aperture_factors": {"2": 1.25, "8": 1.5}},
    }  # fmt: skip
    pars = {
        "tweakreg": {"fitgeometry": "rshift", "minobj": 6},
        "skymatch": {"skymethod": "match"},
        "outlier_detection": {"snr": "5.0 4.0"},
        "resample": {"kernel": "square", "pixfrac": 1.0, "weight_type": "ivm"},
        "source_catalog": {"snr_threshold": 3.0},
    }
    return failed | {
        "state": "success_with_caveats", "error": None, "parameters": {"steps": pars},
        "parameter_origins": {"tweakreg": {"minobj": "user"}},
        "groups": {"tweakreg": {exposure(n)["group"]: [exposure(n)["file"]] for n in (1, 2, 3)}, "skymatch": {}},
        "times": dict.fromkeys(pars, 1.0),
        "references": {
            "context": "jwst_1584.pmap",
            "files": {"apcorr": {"file": "apcorr.fits", "sha256": "1" * 64}, "pars-skymatchstep": None},
        },
        "products": [{"file": mosaic["file"], "size": 1000, "sha256": "2" * 64}],
        "caveats": [{"code": "few_matches", "message": "few stars", "hint": "more stars"}],
        "measurements": {
            "pixel_scale": 0.11,
            "exposures": [exposure(n) for n in (1, 2, 3)],
            "overlaps": [overlap(1, 2), overlap(2, 3)],
            "outlier_map": {"cell": 2.0, "shares": [[0.001, 0.002, None], [0.0, 0.004, 0.001]]},
            "mosaic": mosaic,
            "catalogue": {"file": "x_cat.ecsv", "n_sources": 7, "n_extended": 2, "magnitudes": [[20.0, 5], [21.0, 2]]},
        },
    }  # fmt: skip
