"""``action=compare``: what is printed, the page, and when it is an error."""

import json

import numpy as np
import pytest

from app.cli.compare import compare
from app.config.schema import Lv3Config
from app.runtime.errors import ConfigError, InputError, StrictError
from tests.assess.test_compare import SHAPE, exposure, write_mosaic

RECORD = {
    "schema": 1,
    "state": "success",
    "started": "2026-11-22T10:00:00+00:00",
    "inputs": [],
    "caveats": [],
    "error": None,
    "host": {},
    "products": [{"file": "m33_miri_lv3_f770w_i2d.fits"}],
    "measurements": {"pixel_scale": 0.1, "exposures": [exposure("a_cal.fits", [0, 0], 1.0)]},
}


def make_run(folder, image, version="1", state="success"):
    folder.mkdir()
    write_mosaic(folder / "m33_miri_lv3_f770w_i2d.fits", image)
    config = {"out_dir": str(folder), "target": "<m33>", "outliers": version}
    record = RECORD | {"config": config, "versions": {"jwst": "3"}, "state": state}
    (folder / "lv3_run.json").write_text(json.dumps(record))
    return folder


def run(tmp_path, **options):
    compare(Lv3Config(action="compare", **{"out_dir": str(tmp_path / "page")} | options))


def test_equal_runs_are_alike(tmp_path, capsys):
    image = np.random.default_rng(1).normal(1, 0.1, SHAPE)
    run(tmp_path, a=make_run(tmp_path / "a", image), b=make_run(tmp_path / "b", image), tolerance=0)
    assert "99.9 % of the pixels differ by less than   0" in capsys.readouterr().out
    page = (tmp_path / "page/lv3_compare.html").read_text()
    assert "Alike within 0" in page
    assert page.count("data:image/jpeg") == 3
    assert "http" not in page.replace("http-equiv", "")


def test_more_than_the_tolerance_is_an_error_with_what_it_is(tmp_path):
    image = np.random.default_rng(1).normal(1, 0.1, SHAPE)
    options = {"a": make_run(tmp_path / "a", image), "b": make_run(tmp_path / "b", image + 0.05, "<2>")}
    run(tmp_path, tolerance=0.6, **options)
    with pytest.raises(StrictError, match=r"differ by less than 0\.5 error: beyond tolerance=0\.4") as error:
        run(tmp_path, tolerance=0.4, **options)
    assert error.value.exit_code == 10
    page = (tmp_path / "page/lv3_compare.html").read_text()
    assert "&lt;2&gt;" in page, "settings that differ are shown, and escaped"
    assert "m33&gt;" not in page


def test_other_grids_are_never_alike(tmp_path):
    image = np.ones(SHAPE)
    options = {"a": make_run(tmp_path / "a", image), "b": make_run(tmp_path / "b", image)}
    (options["b"] / "m33_miri_lv3_f770w_i2d.fits").unlink()
    write_mosaic(options["b"] / "m33_miri_lv3_f770w_i2d.fits", image, shift=3)
    with pytest.raises(StrictError, match="grids differ"):
        run(tmp_path, tolerance=100, **options)
    assert "data:image" not in (tmp_path / "page/lv3_compare.html").read_text()


def test_two_finished_runs_are_needed(tmp_path):
    with pytest.raises(ConfigError, match="b: not given"):
        run(tmp_path, a=make_run(tmp_path / "a", np.ones(SHAPE)))
    with pytest.raises(InputError, match="no run has left"):
        run(tmp_path, a=tmp_path / "a", b=tmp_path / "none")
    with pytest.raises(InputError, match="the run there is failed"):
        run(tmp_path, a=tmp_path / "a", b=make_run(tmp_path / "c", np.ones(SHAPE), state="failed"))
