"""Sky levels of simulated exposures of rich fields against the truth."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from app.pipeline.divided.library import ExposureLibrary
from app.pipeline.divided.sky_overlaps import SkyParameters, match_sky
from app.pipeline.solution.levels import SkyOptions, solve_levels
from app.simulation import Faults, Scene, Truth, simulate_grid, simulate_observation
from tests.runs import run

WINDOW = {"window": (256, 256), "seed": 3}
#: What alignment leaves, offsets of the sky, and parts as those of MIRI that see no sky, a coronagraph in the corner.
FAULTS = Faults(
    pointing_error=0.005, sky_offset=0.065, n_cosmic_rays=30, masked_parts=((0, 0.22, 0, 0.75), (0.22, 0.25, 0, 1))
)
LOWEST = SkyOptions(0, "lowest")
#: DQ bits that matter: all.
NO_BITS = 0


@dataclass(frozen=True)
class Field:
    """What is in the sky, and the largest error of the levels [MJy/sr, rms]."""

    limit: float
    scene: dict[str, Any]
    is_grid: bool = False


#: The limits are 1.5 times what a prototype reached on full-frame exposures of fields like these.
FIELDS = {
    "smooth light up to 8": Field(0.0011, {"diffuse_peak": 8.0, "faults": FAULTS}),
    "smooth light up to 40": Field(0.0063, {"diffuse_peak": 40.0, "faults": FAULTS}),
    "broad light up to 10": Field(
        0.0063, {"diffuse_peak": 10.0, "n_blobs": 8, "blob_sizes": (0.1, 0.3), "faults": FAULTS}
    ),
    "no structure": Field(0.0009, {"diffuse_peak": 0.0, "faults": FAULTS}),
    "a galaxy": Field(
        0.014, {"diffuse_peak": 0.0, "emission_peak": 30.0, "faults": replace(FAULTS, masked_parts=())}, True
    ),
    "emission everywhere, no offsets": Field(
        10.0,
        {
            "diffuse_peak": 0.0, "emission_peak": 3000.0, "emission_contrast": 1.2,
            "faults": replace(FAULTS, sky_offset=0.0),
        },
        True,
    ),
}  # fmt: skip


def library(truth: Truth) -> ExposureLibrary:
    members = [{"expname": str(path), "exptype": "science"} for path in truth.files]
    return ExposureLibrary({"products": [{"name": "all", "members": members}]}, 1)


def solve(truth: Truth, options: SkyOptions = LOWEST, procs: int = 1, **kwargs: Any):
    exposures = library(truth).exposures()
    groups = {str(i): [i] for i in range(len(exposures))}
    return solve_levels(exposures, groups, options, dqbits=NO_BITS, subtract=False, procs=procs, **kwargs)


def error(truth: Truth, levels: Any) -> float:
    """Root mean square of the levels' errors, the common level taken out."""
    difference = np.array(levels) - [exposure.sky_offset for exposure in truth.exposures]
    return float(np.sqrt(np.mean((difference - np.median(difference)) ** 2)))


def simulated(name: str, folder: Path) -> Truth:
    """One of the fields."""
    field = FIELDS[name]
    scene = Scene(**field.scene)
    if field.is_grid:
        return simulate_grid(folder, n_pointings=4, n_dithers=2, overlap=0.4, scene=scene, **WINDOW)
    return simulate_observation(folder, n_dithers=4, dither_size=2.5, scene=scene, **WINDOW)


def matched(truth: Truth) -> list[float]:
    """Levels by skymatch with jwst's own defaults."""
    statistics = {"skystat": "mode", "lower": None, "upper": None, "nclip": 5, "lsig": 4, "usig": 4, "binwidth": 0.1}
    options = {"skymethod": "match", "match_down": True, "subtract": False}
    exposures = library(truth).exposures()
    groups = [[i] for i in range(len(exposures))]
    found = match_sky(exposures, groups, SkyParameters(statistics, NO_BITS, None), options, 1)
    return [result.level for result in found]


@pytest.mark.parametrize("name", FIELDS)
def test_levels_are_right_whatever_shines(name, tmp_path):
    truth = simulated(name, tmp_path)
    results, _ = solve(truth)
    assert error(truth, [result.level for result in results]) < FIELDS[name].limit


@pytest.fixture(scope="module")
def galaxy(tmp_path_factory) -> Truth:
    scene = Scene(**FIELDS["a galaxy"].scene)
    folder = tmp_path_factory.mktemp("galaxy")
    return simulate_grid(folder, n_pointings=4, n_dithers=1, overlap=0.4, scene=scene, **WINDOW)


def test_skymatch_fails_where_masked_parts_hide_other_light_in_each_exposure(tmp_path):
    """As in jwst#10259: light that reaches over the whole field, MIRI's imager and its coronagraph."""
    truth = simulated("broad light up to 10", tmp_path)
    solved, _ = solve(truth)
    nothing = error(truth, [0.0] * len(truth.exposures))
    assert error(truth, matched(truth)) > 2 * nothing
    assert error(truth, [result.level for result in solved]) < nothing / 5


def test_skymatch_takes_structure_for_levels_and_the_solution_does_not(galaxy):
    solved, _ = solve(galaxy)
    assert error(galaxy, [result.level for result in solved]) < error(galaxy, matched(galaxy)) / 10


def test_same_bits_for_any_number_of_processes(galaxy):
    assert solve(galaxy, procs=1) == solve(galaxy, procs=2)


def test_planes_are_taken_from_the_pixels(tmp_path):
    """Stray light on the sky, as a plane for each exposure: differences of planes are known, and subtracted."""
    faults = replace(FAULTS, sky_offset=0.0, masked_parts=(), pointing_error=0.0)
    truth = simulate_observation(
        tmp_path, n_dithers=3, dither_size=2.0, scene=Scene(emission_peak=5.0, faults=faults), **WINDOW
    )
    y, x = np.mgrid[:256, :256]
    added = np.array([0.001 * x, -0.0005 * x + 0.0008 * y, -0.0005 * x - 0.0008 * y])  # their sum is 0
    for path, light in zip(truth.files, added, strict=True):
        with fits.open(path, mode="update") as file:
            file["SCI"].data += light.astype(np.float32)
    results, entry = solve(truth, SkyOptions(1, "mean"))
    assert all(group["slope"] is not None for group in entry["groups"])
    for result, light in zip(results, added, strict=True):
        (plane,) = result.subtracted
        found = plane.on((256, 256)) + result.level
        size = np.ptp(light)
        assert np.sqrt(np.mean((found - light - np.mean(found - light)) ** 2)) < 0.03 * size


@pytest.fixture(scope="module")
def made(tmp_path_factory, crds):
    """Three dithers with a sky of their own, and what a run with one solution made of them."""
    folder = tmp_path_factory.mktemp("solution")
    truth = simulate_observation(folder / "exposures", n_dithers=3, window=(160, 160))
    return truth, run(truth, folder / "out", crds, sky_method="solution", sky_order=1, report=True), folder / "out"


def test_a_run_says_what_its_levels_are(made):
    truth, record, folder = made
    solution = record["sky_solution"]
    assert (solution["order"], solution["anchor"]) == (1, "lowest")
    assert len(solution["groups"]) == 3
    assert max(group["error"] for group in solution["groups"]) < 0.01
    by_file = {e["file"]: e for e in record["measurements"]["exposures"]}
    found = [by_file[exposure.file]["sky_level"] for exposure in truth.exposures]
    assert {e["sky_method"] for e in by_file.values()} == {"solution"}
    assert error(truth, found) < 0.01
    assert min(found) == 0
    with fits.open(folder / truth.exposures[0].file.replace("_cal", "_crf")) as file:
        header = file[0].header + file["SCI"].header
    assert header["BKGMETH"] == "solution"
    assert header["BKGSUB"] is False
    assert header["S_SKYMAT"] == "COMPLETE"
    assert "in one robust least-squares solution" in (folder / "lv3_report.html").read_text()


def test_planes_are_gone_from_the_exposures_of_a_run(made):
    """Exposures differ by their levels alone, which resampling takes out."""
    _, record, _ = made
    assert max(abs(overlap["sky"]) for overlap in record["measurements"]["overlaps"]) < 0.01


def test_levels_follow_a_mosaic_that_a_run_made(made, tmp_path):
    """Another reduction of the same exposures gets its zero point, to the error that the solution states."""
    truth, _, folder = made
    mosaic = folder / "ngc0628_miri_lv3_f770w_i2d.fits"
    offsets = np.array([exposure.sky_offset for exposure in truth.exposures])
    brighter = tmp_path / "brighter_i2d.fits"
    shutil.copy(mosaic, brighter)
    with fits.open(brighter, mode="update") as file:
        file["SCI"].data += np.float32(0.25)
    for path, more in ((mosaic, 0.0), (brighter, 0.25)):
        results, entry = solve(truth, SkyOptions(0, str(path)))
        errors = [group["error"] for group in entry["groups"]]
        assert max(errors) < 0.01
        assert entry["anchor"] == str(path)
        # The mosaic has the sky of its darkest exposure.
        off = np.array([result.level for result in results]) - (offsets - offsets.min() - more)
        assert np.abs(off).max() < 0.01
