"""A run that was cut off goes on where it was, with the bits of one that nobody disturbed; another starts afresh."""

import json
import os
import shutil

import pytest
from jwst.source_catalog import SourceCatalogStep

from app.run.folder import OutputFolder
from app.runtime.answers import Answers
from app.runtime.errors import OutlierError
from app.runtime.files import publish
from app.runtime.signals import Interrupted
from tests.faults.compare import differences
from tests.run.conftest import OPTIONS
from tests.runs import make_step

#: What is kept last before the run is cut off, in its order.
PLACES = (
    "exposures-read.0/0",
    "tweakreg-state.0/0",
    "outlier_detection-map_pixels.0/0",
    "outlier_detection-median_err-median_tile.0/0",
    "outlier_detection-look.0/0",
    "outlier_detection-flag_found.0/0",
    "resample-drizzle.0/0",
)


class Watched:
    """What is kept, by name and in order, and after which of it the run ends as by a signal."""

    def __init__(self, patch):
        self.names, self.last = [], set()
        keep = Answers.keep

        def watched(answers, number, name, made):
            keep(answers, number, name, made)
            self.names.append(f"{answers._path.name}/{number}")
            if self.names[-1] in self.last:
                raise Interrupted(15)

        patch.setattr(Answers, "keep", watched)


@pytest.fixture
def kept(monkeypatch):
    """What is kept."""
    return Watched(monkeypatch)


def record(folder):
    return json.loads((folder / "lv3_run.json").read_text())


def log(folder):
    return (folder / "lv3_run.log").read_text()


def run(small, folder, crds, **options):
    """One start; whether it came to the end."""
    try:
        return make_step(small, folder, crds, **OPTIONS | options).do_step()
    except Interrupted:
        assert record(folder)["state"] == "interrupted"
        return False


def test_cut_off_in_each_step_it_goes_on_and_does_nothing_twice(small, crds, tmp_path, undisturbed, kept, monkeypatch):
    out, places = tmp_path / "out", [*PLACES]
    kept.last.update(places)
    for place in places:
        assert not run(small, out, crds), place
        assert kept.names[-1] == place
        assert record(out)["kept"]["size"] > 1e5
        assert record(out)["kept"]["folder"] == str(out / ".jwst-lv3-work")
    with monkeypatch.context() as patch:
        patch.setattr(OutputFolder, "publish", _publish_one)
        assert not run(small, out, crds)
    assert "pipeline" not in record(out)
    with monkeypatch.context() as patch:  # the mosaic is there: only the catalogue is missing
        patch.setattr(SourceCatalogStep, "process", _cut_off)
        assert not run(small, out, crds)
    assert record(out)["pipeline"] == "mosaic"
    check_not_trusted_once_touched(small, crds, shutil.copytree(out, tmp_path / "touched"), kept)
    with monkeypatch.context() as patch:
        patch.setattr(OutputFolder, "publish", _publish_one)
        assert not run(small, out, crds)
    before = {path: path.stat().st_mtime_ns for path in out.glob("*.fits")}
    assert len(before) == 4  # the mosaic and its exposures
    for place in ("measure-exposures-measure_exposure.0/0", "measure-mosaic.0/0"):
        kept.last.add(place)
        assert not run(small, out, crds)
    assert run(small, out, crds)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(kept.names) == len(set(kept.names))
    assert differences(out, undisturbed) == []
    assert "goes on where the start of" in log(out)
    assert not [path.name for path in out.iterdir() if path.name.startswith(".")]
    check_same_record(record(out), record(undisturbed), n_starts=len(PLACES) + 6)


def check_not_trusted_once_touched(small, crds, out, kept):
    """A mosaic that is not as it was made does not stay."""
    before = [*kept.names]
    mosaic = next(out.glob("*_i2d.fits"))
    mosaic.write_bytes(mosaic.read_bytes()[:-1] + b"\1")
    kept.last.update(AFRESH)
    assert not run(small, out, crds)
    assert kept.names == [*before, *AFRESH]
    assert f"{mosaic.name} are not as they were made" in log(out)
    kept.names[:] = before


def _publish_one(folder, files):
    """Publish the association; of other products the first alone, and be cut off."""
    first, *others = files
    publish(first, folder.path)
    if others:
        raise Interrupted(15)


def _cut_off(*_):
    raise Interrupted(15)


def check_same_record(found, expected, n_starts):
    assert found.keys() == expected.keys()
    for key in ("state", "groups", "sources", "measurements", "caveats", "parameter_origins", "inputs"):
        assert found[key] == expected[key], key
    names = [[product["file"] for product in record["products"]] for record in (found, expected)]
    assert sorted(names[0]) == sorted(names[1])
    assert found["times"].keys() == expected["times"].keys()
    assert len(found["starts"]) == n_starts
    assert found["starts"][0]["started"] == found["started"]
    assert all(start["started"] <= start["ended"] for start in found["starts"])


AFRESH, GOES_ON = ["exposures-read.0/0"], ["tweakreg-state-find_sources.0/1"]


@pytest.fixture(scope="module")
def begun(small, crds, tmp_path_factory):
    """The folder of a run that was cut off while sources were found."""
    folder = tmp_path_factory.mktemp("begun") / "out"
    with pytest.MonkeyPatch.context() as patch:
        Watched(patch).last.add("tweakreg-state-find_sources.0/0")
        assert not run(small, folder, crds)
    return folder


@pytest.fixture
def cut_off(begun, tmp_path, kept):
    """A copy of it; the next start ends as soon as anything is kept."""
    kept.last |= {*AFRESH, *GOES_ON}
    return shutil.copytree(begun, tmp_path / "out")


def test_what_does_not_change_products_does_not_matter(small, crds, cut_off, monkeypatch):
    monkeypatch.setattr("app.pipeline.run.make_pipeline", _cut_off)
    run(small, cut_off, crds, procs=2, verbose=True, do_blot=True, overwrite=True)
    assert len(record(cut_off)["starts"]) == 2
    assert "goes on where the start of" in log(cut_off)
    assert len(list((cut_off / ".jwst-lv3-work/checkpoints").iterdir())) == 3


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"outliers": "observatory"}, "outliers: was 'spare_stars', is 'observatory'"),
        ({"exclude": ["_00002_"]}, "_00002_mirimage_cal.fits: is gone"),
    ],
)
def test_another_run_starts_afresh(small, crds, cut_off, kept, options, word):
    run(small, cut_off, crds, **options)
    assert kept.names == AFRESH
    assert len(record(cut_off)["starts"]) == 1
    assert f"what an earlier start finished is not used: {word}" in log(cut_off).replace("jw01234001001_02101", "")


def test_other_versions_start_afresh(small, crds, cut_off, kept, monkeypatch):
    monkeypatch.setattr("app.run.resumption.versions", lambda: {"jwst": "9.9"})
    run(small, cut_off, crds)
    assert kept.names == AFRESH
    assert "is not used: version of jwst: was" in log(cut_off)


def test_without_its_record_or_with_that_of_another_it_starts_afresh(small, crds, cut_off, kept):
    (cut_off / ".jwst-lv3-work/run").write_text("another")
    run(small, cut_off, crds)
    assert kept.names == AFRESH
    assert "it belongs to another run" in log(cut_off)
    (cut_off / "lv3_run.json").unlink()
    (cut_off / "asn_lv3_f770w.json").unlink()
    run(small, cut_off, crds)
    assert kept.names == AFRESH * 2
    assert "its record is gone" in log(cut_off)


def test_resume_false_starts_afresh_and_keeps_nothing(small, crds, cut_off, kept, monkeypatch):
    monkeypatch.setattr("app.pipeline.run.make_pipeline", _cut_off)
    assert not run(small, cut_off, crds, resume=False)
    assert "is not used: resume=false" in log(cut_off)
    assert "kept" not in record(cut_off)
    assert not (cut_off / ".jwst-lv3-work").exists()
    assert kept.names == []


def test_changed_exposures_or_files_that_are_named_start_afresh(small, crds, tmp_path, kept):
    shutil.copytree(small.folder, folder := tmp_path / "in")
    levels, path = tmp_path / "levels.txt", min(folder.glob("*_cal.fits"))
    levels.write_text("".join(f"{file.name} 0.5\n" for file in folder.glob("*_cal.fits")))
    options = {"in_dir": folder, "sky_levels": str(levels), "sky_method": "skymatch", "sky_order": 0}
    kept.last.update(AFRESH)
    run(small, tmp_path / "out", crds, **options)
    for change, word in (
        (lambda: path.write_bytes(path.read_bytes()[:-1] + b"\1"), f"{path.name}: has changed"),
        (lambda: levels.write_text(levels.read_text() + "\n"), f"{levels}: has changed"),
    ):
        change()
        kept.names.clear()
        run(small, tmp_path / "out", crds, **options)
        assert kept.names == AFRESH
        assert word in log(tmp_path / "out")
    for file in (path, levels):  # a copy that came back from an archive has another time, and no other content
        os.utime(file, (1e9, 1e9))
    kept.names.clear()
    kept.last.add("exposures-read.0/1")
    run(small, tmp_path / "out", crds, **options)
    assert kept.names == ["exposures-read.0/1"]


def test_after_an_error_it_goes_on_too(small, crds, begun, tmp_path, kept, monkeypatch):
    out = shutil.copytree(begun, tmp_path / "out")
    with monkeypatch.context() as patch:
        patch.setattr("app.pipeline.steps.outlier_detection.flag_outliers", lambda *_: 1 / 0)
        with pytest.raises(OutlierError):
            run(small, out, crds)
    assert record(out)["state"] == "failed"
    assert record(out)["kept"]["size"] > 1e4
    kept.names.clear()
    kept.last.add("outlier_detection-median_data-drizzle.0/0")
    assert not run(small, out, crds)
    assert kept.names == ["outlier_detection-median_data-drizzle.0/0"]
    assert "measurements" not in record(out)


def test_one_work_dir_for_equal_folders_on_two_hosts(small, crds, begun, tmp_path, kept):
    """Each out_dir has a work folder of its own, though their paths, as each host sees them, are the same."""
    kept.last.add("tweakreg-state-find_sources.0/0")
    out, there, scratch = tmp_path / "out", tmp_path / "there", tmp_path / "scratch"
    run(small, out, crds, work_dir=scratch)
    (one,) = scratch.iterdir()
    out.rename(there)  # the other host has another disk under this path
    run(small, out, crds, work_dir=scratch)
    assert len(list(scratch.iterdir())) == 2
    (other,) = set(scratch.iterdir()) - {one}
    OutputFolder(make_step(small, out, crds, work_dir=scratch).config).clear()
    assert list(scratch.iterdir()) == [one]
    assert other != one
    assert not (out / ".jwst-lv3-work").exists()
    kept.names.clear()
    kept.last.add("tweakreg-state-find_sources.0/1")
    shutil.rmtree(out)
    there.rename(out)
    run(small, out, crds, work_dir=scratch)
    assert kept.names == ["tweakreg-state-find_sources.0/1"]
    assert list(scratch.iterdir()) == [one]
