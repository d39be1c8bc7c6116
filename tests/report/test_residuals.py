"""The sheet of residuals: which exposures it shows, how small it is, and that a page has it where files are there."""

import base64
import subprocess
import sys

import numpy as np

from app.assess.measure.residuals import SIDE
from app.report.page import write_report
from app.report.residuals import SHOWN, Residuals


def maps(n):
    rng = np.random.default_rng(1)
    return {i: (0.1 * i) * np.sign(rng.normal(size=(SIDE, SIDE))) for i in range(1, n + 1)}


def test_the_largest_are_shown_in_their_order_and_the_file_stays_small():
    found = Residuals(maps(SHOWN + 6), noise=0.01)
    assert (found.n, found.shown) == (SHOWN + 6, list(range(7, SHOWN + 7)))
    kind, _, content = found.picture.partition(";base64,")
    assert kind == "data:image/png"
    assert len(base64.b64decode(content)) < 500_000


def test_colours_are_no_finer_than_the_noise():
    still = {1: np.full((4, SIDE), 1e-5)}
    assert Residuals(still, noise=0.2).limit == 0.1
    assert Residuals({1: np.full((4, SIDE), 3.0)}, noise=0.2).limit == 3


def residual_map(mosaic, exposure):
    return np.full((4, SIDE), 0.25)


def test_a_page_has_it_where_exposures_are_there(finished, tmp_path, monkeypatch):
    assert "less the mosaic" not in write_report(finished, tmp_path).read_text()
    first = finished["measurements"]["exposures"][0]["file"]
    (tmp_path / first.replace("_cal", "_crf")).symlink_to(tmp_path / finished["measurements"]["mosaic"]["file"])
    monkeypatch.setattr("app.report.exposures.residual_map", residual_map)
    finished["config"]["procs"] = 1
    page = write_report(finished, tmp_path).read_text()
    assert "Each exposure less the mosaic" in page
    assert "0.25 MJy/sr (red)" in page


def test_a_report_needs_no_jwst():
    """The report of a run that was killed is written by its parent, which has seconds for it."""
    code = "import sys, app.report.page; print(sorted({'jwst', 'crds', 'stcal'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
