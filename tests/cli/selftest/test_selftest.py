"""The self-test: what it lets pass, and that this checkout passes."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from app.cli.selftest.check import EXPECTED
from app.cli.selftest.numbers import N_BLOCKS, TOLERANCE, different, measure, unequal


@pytest.fixture
def mosaic(tmp_path: Path) -> Path:
    """A file with the extensions of a mosaic; one corner block is empty."""
    data = np.arange(1.0, 41 * 37 + 1, dtype="f4").reshape(41, 37)
    data[:6, :5] = np.nan
    hdus = [fits.PrimaryHDU(), *(fits.ImageHDU(data, name=name) for name in ("SCI", "ERR", "WHT"))]
    fits.HDUList(hdus).writeto(tmp_path / "x_i2d.fits")
    return tmp_path / "x_i2d.fits"


def test_measure(mosaic: Path):
    sci = measure(mosaic)["SCI"]
    assert sci["shape"] == [41, 37]
    assert sci["finite"] == 41 * 37 - 30
    assert len(sci["means"]) == N_BLOCKS**2
    assert sci["means"][0] is None
    assert sci["means"][-1] == np.arange(1, 41 * 37 + 1).reshape(41, 37)[-5:, -4:].mean()


@pytest.mark.parametrize(("shift", "passes"), [(0.5, True), (2.0, False)])
def test_rounding_passes_and_more_does_not(mosaic: Path, shift: float, passes: bool):
    expected = measure(mosaic)
    with fits.open(mosaic, mode="update") as hdus:
        hdus["ERR"].data[-10:] += shift * TOLERANCE * max(filter(None, expected["ERR"]["means"]))
    measured = measure(mosaic)
    assert unequal(measured, expected) == ["ERR"]
    assert [problem.partition(":")[0] for problem in different(measured, expected)] == ([] if passes else ["ERR"])


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [("shape", [1, 1], "shape is"), ("finite", 3, "finite is"), ("means", [None], "other parts of the mosaic")],
)
def test_other_footprint(mosaic: Path, key: str, value: object, said: str):
    expected = measure(mosaic)
    measured = copy.deepcopy(expected)
    measured["WHT"][key] = value * N_BLOCKS**2 if key == "means" else value
    assert [problem for problem in different(measured, expected) if said in problem]


def selftest(*overrides: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own: CRDS remembers what it sees first."""
    return subprocess.run(
        [sys.executable, "-m", "app", "action=selftest", *overrides], capture_output=True, text=True, check=False,
        env={**os.environ, "CRDS_PATH": "", **environ}, timeout=900,
    )  # fmt: skip


def test_this_checkout_passes():
    """Where this fails after a change that is meant: make selftest-numbers."""
    result = selftest()
    assert result.returncode == 0, result.stderr
    assert "self-test passed" in result.stderr


def test_changed_reference_files_are_refused(crds_cache: Path, tmp_path: Path):
    (tmp_path / "MANIFEST.sha256").write_text((crds_cache / "MANIFEST.sha256").read_text())
    result = selftest("crds=synthetic", f"crds.path={tmp_path}")
    assert result.returncode == 21
    assert "missing: config/jwst/server_config" in result.stderr


def test_expected_numbers_are_of_a_mosaic():
    expected = json.loads(EXPECTED.read_text())
    assert list(expected) == ["SCI", "ERR", "WHT"]
    assert all(numbers["finite"] > 0.5 * np.prod(numbers["shape"]) for numbers in expected.values())
