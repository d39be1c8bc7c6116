"""One run of a download as MAST makes it, seen as its user sees it: log, record, result, plan."""

import gzip
import json
import logging
import shutil

import pytest

from app.plan.duration import expected_duration
from app.runtime.errors import InputError
from tests.runs import make_step


class Lines(logging.Handler):
    """Messages of the program."""

    def __init__(self):
        super().__init__(logging.INFO)
        self.lines = []

    def emit(self, record):
        if not getattr(record, "file_only", False):
            self.lines.append(record.getMessage())


@pytest.fixture(scope="module")
def made(miri, crds, tmp_path_factory):
    """The step, its messages, and what was in its inputs' folder before."""
    root = tmp_path_factory.mktemp("hour")
    for file in miri.files:
        own = root / "MAST" / file.stem
        own.mkdir(parents=True)
        if file == miri.files[1]:
            with gzip.open(own / f"{file.name}.gz", "wb", 1) as packed:
                packed.write(file.read_bytes())
        else:
            shutil.copy(file, own)
    before = {path: path.stat().st_mtime_ns for path in (root / "MAST").rglob("*")}
    parameters = {"source_catalog": {"skip": True}}
    step = make_step(miri, root / "out", crds, in_dir=root / "MAST", jwst_parameters=parameters, report=True)
    logger, handler = logging.getLogger("app"), Lines()
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.INFO)
    try:
        step.do_step()
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    assert {path: path.stat().st_mtime_ns for path in (root / "MAST").rglob("*")} == before
    return step, handler.lines


def test_a_packed_exposure_is_one_like_any_other(made, miri):
    step, _ = made
    record = step.result.record
    assert record["state"].startswith("success")
    assert {entry["file"].rpartition("/")[2].removesuffix(".gz") for entry in record["inputs"]} == {
        f.name for f in miri.files
    }
    assert [path.name for path in step.result.exposures_out] == [f.name.replace("_cal", "_crf") for f in miri.files[:4]]
    assert not (step.config.output_folder / ".jwst-lv3-work").exists()
    assert step.do_step(), "and the run is known to be finished"


def test_the_start_says_what_comes(made):
    _, lines = made
    assert "4 science and 2 background exposures; groups: tweakreg 4, skymatch 4" in lines
    (needs,) = [line for line in lines if line.startswith("expected: ")]
    assert "a mosaic of " in needs
    assert "GB of memory" in needs
    assert "minutes (by a table)" in needs
    assert lines.index(needs) < lines.index("tweakreg")


def test_the_log_begins_with_what_it_is_of(made):
    step, _ = made
    log = (step.config.output_folder / "lv3_run.log").read_text().splitlines()[:20]
    starts = ["command: ", "in: ", "versions: jwst-lv3 ", "host: ", "image: ", "configuration: target=ngc0628"]
    assert [
        line.partition(" app.run.opening: ")[2].startswith(start) for line, start in zip(log, starts, strict=False)
    ] == [True] * 6


def test_the_result_has_paths_tables_and_caveats(made):
    step, _ = made
    result = step.result
    assert result.mosaic.name == "ngc0628_miri_lv3_f770w_i2d.fits"
    assert result.mosaic.is_file()
    assert result.report.is_file()
    assert result.catalogue is None
    assert (len(result.exposures), result.exposures["offset"].unit.to_string()) == (4, "arcsec")
    assert {"first", "second", "n_stars"} <= set(result.overlaps.colnames)
    assert result.measurements["noise"] > 0
    assert all(": " in caveat for caveat in result.caveats)
    assert result.state in str(result)
    assert str(result.mosaic) in result._repr_html_()


def test_a_folder_without_a_run_has_no_result(miri, crds, tmp_path):
    with pytest.raises(InputError, match=r"no run has left a lv3_run\.json there"):
        _ = make_step(miri, tmp_path / "none", crds).result


def test_a_plan_shows_itself(made):
    step, _ = made
    assert "Exposures: 4 science, 2 background" in str(step.plan)
    html = step.plan._repr_html_()
    assert "<summary>Exposures: 4 science, 2 background</summary>" in html
    assert "<script" not in html


def test_the_time_is_that_of_the_nearest_run_of_this_machine(made, miri, crds, tmp_path):
    step, _ = made
    record = step.result.record
    again = make_step(miri, step.config.output_folder.parent / "second", crds, in_dir=step.config.in_dir)
    duration = expected_duration(again.plan, ["tweakreg", "resample", "drizzle"])
    assert duration.seconds["tweakreg"] == pytest.approx(record["times"]["tweakreg"], rel=0.01)
    assert duration.seconds["drizzle"] > 0, "what that run has not made is by the table"
    assert "by the run of " in duration.origin
    other = json.loads(json.dumps(record))
    other["host"]["name"] = "elsewhere"
    (tmp_path / "b").mkdir()
    (tmp_path / "b/lv3_run.json").write_text(json.dumps(other))
    assert expected_duration(make_step(miri, tmp_path / "c", crds).plan, ["tweakreg"]).origin == "by a table"


def test_time_between_a_run_and_a_later_drizzle_is_none_of_it(made, miri, crds):
    step, _ = made
    folder = step.config.output_folder
    record = json.loads((folder / "lv3_run.json").read_text())
    assert sum(record["times"].values()) - 1 < record["duration"] < sum(record["times"].values()) + 60
    record |= {"started": "2020-01-01T00:00:00+00:00"}
    (folder / "lv3_run.json").write_text(json.dumps(record))
    options = {"in_dir": step.config.in_dir, "jwst_parameters": step.config.jwst_parameters, "procs": 1}
    make_step(miri, folder, crds, do_blot=True, **options).do_step()
    later = json.loads((folder / "lv3_run.json").read_text())
    assert record["duration"] < later["duration"] < record["duration"] + 120
