"""Background exposures of known levels and structure, subtracted from science exposures."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from app.pipeline.divided.library import ExposureLibrary
from app.pipeline.solution.background import subtract_background
from app.pipeline.solution.background_levels import background_levels
from app.runtime.errors import SkyError
from app.simulation import Faults, Scene, Truth, simulate_observation
from tests.runs import run

SIDE = 160
#: No bit of DQ is ignored.
NO_BITS = 0
SCENE = Scene(n_stars=10, diffuse_peak=0.0, faults=Faults(pointing_error=0.05, sky_offset=0.3, n_cosmic_rays=20))


def structure() -> np.ndarray:
    """What the detector adds to every exposure [MJy/sr]; its median is 0."""
    y, x = np.mgrid[:SIDE, :SIDE]
    added = 0.2 * np.sin(x / 9) + 0.1 * np.cos(y / 5) + 0.002 * (x - y)
    return added - np.median(added)


@pytest.fixture(scope="module")
def observed(tmp_path_factory) -> Truth:
    """Three science exposures, and five of background after them."""
    truth = simulate_observation(
        tmp_path_factory.mktemp("observed"), n_dithers=3, n_background=5, background_as_parallel=True,
        dither_size=2.5, window=(SIDE, SIDE), scene=SCENE,
    )  # fmt: skip
    for path in truth.files:
        with fits.open(path, mode="update") as file:
            file["SCI"].data += structure().astype(np.float32)
    return truth


def files(truth: Truth, is_background: bool) -> list[Path]:
    return [truth.folder / e.file for e in truth.exposures if e.is_background is is_background]


def levels(truth: Truth, is_background: bool) -> np.ndarray:
    return np.array([truth.sky_level + e.sky_offset for e in truth.exposures if e.is_background is is_background])


def library(truth: Truth) -> ExposureLibrary:
    members = [{"expname": str(path), "exptype": "science"} for path in files(truth, False)]
    return ExposureLibrary({"products": [{"name": "all", "members": members}]}, 1)


def subtract(truth: Truth, folder: Path, is_image: bool, procs: int = 1) -> tuple[ExposureLibrary, dict[str, Any]]:
    made = library(truth)
    backgrounds = {path.name: files(truth, True) for path in files(truth, False)}
    entry = subtract_background(
        made, backgrounds, is_image=is_image, dqbits=NO_BITS, folder=folder, procs=procs
    )  # fmt: skip
    return made, entry


def test_levels_of_background_are_known_among_its_stars(observed):
    found = background_levels(files(observed, True), NO_BITS, 1)
    off = np.array([level.value for level in found]) - levels(observed, True)
    assert max(level.error for level in found) < 0.02, "structure of the detector is in the scatter of samples"
    assert np.abs(off).max() < 3 * max(level.error for level in found)
    # Differences are known far better than the zero point.
    assert np.abs(off - off.mean()).max() < 0.003


def test_a_background_exposure_without_any_sky_is_named(observed, tmp_path):
    masked = tmp_path / files(observed, True)[0].name
    masked.write_bytes(files(observed, True)[0].read_bytes())
    with fits.open(masked, mode="update") as file:
        file["DQ"].data |= 1
    with pytest.raises(SkyError, match=f"{masked.name}: .*all of it is masked"):
        background_levels([masked], NO_BITS, 1)


def test_the_level_of_the_nearest_is_subtracted_and_no_file_changes(observed, tmp_path):
    before = [path.read_bytes() for path in observed.files]
    made, entry = subtract(observed, tmp_path, is_image=False)
    for member, exposure in zip(entry["members"], made.exposures(), strict=True):
        assert member["background"] == files(observed, True)[0].name
        with exposure.open() as model, fits.open(exposure.path) as file:
            taken = np.nanmedian(file["SCI"].data - model.data)
            np.testing.assert_array_equal(model.err, file["ERR"].data)
            assert model.meta.cal_step.bkg_subtract == "COMPLETE"
            assert "background subtracted: level" in str(model.instance["history"])
        assert taken == pytest.approx(levels(observed, True)[0], abs=0.02)
    assert [path.read_bytes() for path in observed.files] == before
    assert list(tmp_path.iterdir()) == []


def test_the_median_image_takes_the_structure_and_errors_grow_by_its_own(observed, tmp_path):
    made, entry = subtract(observed, tmp_path, is_image=True)
    assert entry["sets"][0]["unknown"] < 0.02
    exposure = made.exposures()[0]
    with exposure.open() as model, fits.open(exposure.path) as file:
        taken = file["SCI"].data - model.data
        added = model.err**2 - file["ERR"].data ** 2
        assert np.nanmedian(model.var_rnoise - file["VAR_RNOISE"].data) == pytest.approx(np.nanmedian(added), rel=1e-3)
        np.testing.assert_array_equal(model.dq, file["DQ"].data)
    left = taken - structure() - levels(observed, True)[0]
    known = np.isfinite(left) & (added > 0)
    assert abs(np.median(left[known])) < 0.02
    pulls = (left[known] - np.median(left[known])) / np.sqrt(added[known])
    assert 1.4826 * np.median(np.abs(pulls)) == pytest.approx(1, abs=0.05)
    # Without it an exposure is as uneven as the detector.
    assert np.std(left[known]) < 0.25 * np.std(structure())
    with exposure.open("data", "err", "dq") as part, exposure.open() as whole:
        np.testing.assert_array_equal(part.err, whole.err)


def test_same_bits_for_any_number_of_processes(observed, tmp_path):
    results = []
    for procs in (1, 2):
        (folder := tmp_path / str(procs)).mkdir()
        made, entry = subtract(observed, folder, is_image=True, procs=procs)
        with made.exposures()[1].open() as model:
            results.append((entry, np.nan_to_num(model.data).tobytes(), np.nan_to_num(model.err).tobytes()))
    assert results[0] == results[1]


def test_weights_follow_rescaled_errors_too(observed, tmp_path):
    """The noise that is rescaled is that of what is left: of the exposure and of the image that was subtracted."""
    made, _ = subtract(observed, tmp_path, is_image=True)
    with made.exposures()[0].open() as model:
        before = np.nanmedian(model.var_rnoise)
    made.noise_factors = [2.0] * len(made)
    with made.exposures()[0].open() as model:
        assert np.nanmedian(model.var_rnoise) == pytest.approx(2 * before, rel=1e-5)


def test_a_run_with_background_has_the_sky_less_that_of_the_background(observed, tmp_path, crds):
    record = run(
        observed, tmp_path / "out", crds, background_use="image", report=True,
        jwst_parameters={"skymatch": {"skip": True}, "source_catalog": {"skip": True}},
    )  # fmt: skip
    assert record["background"]["use"] == "image"
    assert [m["background"] for m in record["background"]["members"]] == [files(observed, True)[0].name] * 3
    for path, level in zip(files(observed, False), levels(observed, False), strict=True):
        with fits.open(tmp_path / "out" / path.name.replace("_cal", "_crf")) as file:
            assert file[0].header["S_BKDSUB"] == "COMPLETE"
            left = np.nanmedian(file["SCI"].data)
        assert left == pytest.approx(level - levels(observed, True)[0], abs=0.03)
    report = (tmp_path / "out" / "lv3_report.html").read_text()
    assert "The median image of 5 background exposures" in report
    assert "background exposures, subtracted" in report
    steps = [abs(b - a) for a, b in pairwise(levels(observed, False))]
    assert min(steps) > 0.05, "levels of the exposures differ, so that the check above says something"
