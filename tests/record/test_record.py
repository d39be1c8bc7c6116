"""The record against its schema, and what it promises whatever happens."""

import json
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest
from astropy.io import fits
from jsonschema import Draft202012Validator

from app.config.schema import Lv3Config
from app.observation.calibration import Calibration
from app.observation.members import Member, Role
from app.record.caveats import Caveat
from app.record.provenance import datasums, image
from app.record.record import Record, State, read_record
from tests.factories import make_exposure
from tests.runs import make_step

SCHEMA = json.loads(resources.files("app.record").joinpath("record.schema.json").read_text())


def check(record):
    Draft202012Validator(SCHEMA).validate(record)


@pytest.fixture
def record(tmp_path):
    config = Lv3Config(target="ngc0628", band="F770W", in_dir=str(tmp_path), out_dir=str(tmp_path), procs=1)
    return Record(tmp_path, config)


def written(record):
    return json.loads(record.path.read_text())


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)


def test_a_record_is_valid_from_the_first_moment(record):
    record.write()
    check(written(record))
    assert written(record)["state"] == "running"


def test_it_says_which_step_runs_and_which_one_failed(record):
    with record.timed("tweakreg"):
        assert written(record)["step"] == "tweakreg"
    assert "step" not in written(record)
    with pytest.raises(ZeroDivisionError), record.timed("skymatch"):
        _ = 1 / 0
    with record.timed("measure"):
        pass
    record.finish(State.FAILED, ZeroDivisionError("division by zero"))
    check(written(record))
    assert written(record)["step"] == "skymatch"
    assert written(record)["error"] == {"type": "ZeroDivisionError", "message": "division by zero"}


def test_what_is_made_later_does_not_change_what_made_the_mosaic(record, tmp_path):
    record.write()
    earlier = written(record) | {"versions": {"jwst": "2.9"}, "image": {"engine": "docker", "name": "x", "digest": "y"}}
    later = Record(tmp_path, Lv3Config(out_dir=str(tmp_path), procs=1), dict(earlier))
    later.finish(State.SUCCESS)
    assert [written(later)[key] for key in ("versions", "image")] == [earlier[key] for key in ("versions", "image")]


def test_what_every_input_was_calibrated_with(record, tmp_path):
    (tmp_path / "jw01234001001_02101_00001_mirimage_cal.fits").touch()
    calibration = Calibration("1.14.0", "jwst_1235.pmap", "distortion.asdf", "filteroffset.asdf")
    exposure = make_exposure("jw01234001001_02101_00001_mirimage_cal.fits", calibration=calibration, date="2023-07-02")
    record.add_inputs([Member(replace(exposure, path=tmp_path / exposure.name), Role.SCIENCE, "")])
    check(written(record))
    (entry,) = written(record)["inputs"]
    assert entry["date"] == "2023-07-02"
    assert entry["calibration"] == {
        "version": "1.14.0",
        "context": "jwst_1235.pmap",
        "distortion": "distortion.asdf",
        "filter_offset": "filteroffset.asdf",
    }


def test_a_caveat_is_there_once(record):
    for _ in range(2):
        record.add_caveats([Caveat("report_failed", "the report could not be made", "report it")])
    check(written(record))
    assert len(written(record)["caveats"]) == 1


def test_a_run_that_goes_on_to_success_says_no_more_where_the_earlier_one_was_cut_off(record, tmp_path):
    record.add(step="blot")
    later = Record(tmp_path, Lv3Config(out_dir=str(tmp_path), procs=1), written(record))
    with later.timed("blot"):
        pass
    later.finish(State.SUCCESS)
    assert "step" not in written(later)


def test_a_signal_leaves_the_end_that_was_there_before(record):
    record.write()
    record.data |= record.end(State.FAILED, ValueError("broken"))  # on its way to the disk
    record.interrupt(KeyboardInterrupt())
    assert written(record)["error"] == {"type": "ValueError", "message": "broken"}


def test_nan_does_not_spoil_the_json(record):
    record.add(parameters={"fillval": float("nan"), "limit": float("inf")})
    check(json.loads(record.path.read_text(), parse_constant=pytest.fail))
    assert written(record)["parameters"] == {"fillval": "NaN", "limit": "Infinity"}


def test_a_record_that_cannot_be_written_does_not_end_the_run(record, caplog):
    record.path = record.path.parent / "no such folder" / "lv3_run.json"
    record.add(parameters={})
    assert "could not be written" in caplog.text


def test_datasum_is_that_of_the_standard_and_of_the_pixels_alone(tmp_path):
    for n, date in enumerate(("2026-01-01", "2027-01-01")):
        sci = fits.ImageHDU(np.arange(1000, dtype=np.float32).reshape(20, 50), name="SCI")
        dq = fits.ImageHDU(np.full((20, 50), 2**31 + 7, dtype=np.uint32), name="DQ")
        hdus = fits.HDUList([fits.PrimaryHDU(), sci, dq])
        hdus[0].header["DATE"] = date
        hdus.writeto(tmp_path / f"{n}.fits", checksum=True)
    found = datasums(tmp_path / "0.fits")
    with fits.open(tmp_path / "0.fits") as hdus:
        assert found == {"SCI,1": int(hdus["SCI"].header["DATASUM"]), "DQ,1": int(hdus["DQ"].header["DATASUM"])}
    assert found == datasums(tmp_path / "1.fits")


def test_a_container_counts_where_it_is_this_programs_image(monkeypatch, tmp_path):
    monkeypatch.setattr("app.record.provenance.CONTAINER_SIGNS", {"docker": str(tmp_path)})
    assert image() is None  # this program was installed into some container by hand
    monkeypatch.setattr("sys.prefix", "/opt/venv")
    assert image() == {"engine": "docker", "name": None, "digest": None}
    monkeypatch.setattr("app.record.provenance.CONTAINER_SIGNS", {"docker": str(tmp_path / "none")})
    assert image() is None


def test_an_image_is_what_it_was_told_to_be(monkeypatch):
    monkeypatch.setenv("LV3_IMAGE", "jwst-lv3:0.1.0")
    monkeypatch.setenv("LV3_IMAGE_DIGEST", "sha256:abc")
    found = image()
    assert (found["name"], found["digest"]) == ("jwst-lv3:0.1.0", "sha256:abc")


def test_a_failure_of_measurements_and_report_is_a_caveat_and_the_products_are_there(miri, crds, tmp_path, monkeypatch):
    def broken(*_):
        raise RuntimeError("this is broken")

    monkeypatch.setattr("app.assess.measure.measure", broken)
    monkeypatch.setattr("app.run.examine.write_report", broken)
    assert make_step(miri, tmp_path, crds, report=True).do_step() is True
    record = json.loads((tmp_path / "lv3_run.json").read_text())
    check(record)
    assert record["state"] == "success_with_caveats"
    assert [caveat["code"] for caveat in record["caveats"]] == ["measurement_failed", "report_failed"]
    assert (tmp_path / "ngc0628_miri_lv3_f770w_i2d.fits").is_file()


def test_a_caveat_of_an_old_record_is_read_under_its_name_of_today(record, tmp_path):
    record.add_caveats([Caveat("stars_eaten", "message"), Caveat("one_group", "message")])
    record.write()
    assert [caveat["code"] for caveat in read_record(tmp_path)["caveats"]] == ["star_cores_flagged", "one_group"]
