"""Outliers of a finished run are flagged again with other options: alignment and sky stay, the rest is as afresh."""

import json
import shutil

import pytest

from app.pipeline.steps.skymatch import GroupedSkyMatchStep
from app.pipeline.steps.tweakreg import GroupedTweakRegStep
from app.plan.checks import disk
from app.plan.cost import estimate
from app.run.folder import OutputFolder
from app.runtime.disk import folder_size
from app.runtime.errors import ConfigError, InputError
from app.runtime.files import publish
from app.runtime.signals import Interrupted
from tests.faults.compare import differences, file_differences
from tests.run.conftest import OPTIONS
from tests.runs import make_step


def record(folder):
    return json.loads((folder / "lv3_run.json").read_text())


@pytest.fixture
def out(undisturbed, tmp_path, monkeypatch):
    """A finished run whose alignment and sky cannot be made again."""
    for step in (GroupedTweakRegStep, GroupedSkyMatchStep):
        monkeypatch.setattr(step, "process", lambda *_: 1 / 0)
    return shutil.copytree(undisturbed, tmp_path / "out")


def flag(small, folder, crds, **options):
    return make_step(small, folder, crds, **OPTIONS | options).do_step()


def test_outliers_are_flagged_again_and_products_are_those_of_a_run_afresh(small, crds, out, undisturbed, monkeypatch):
    first = record(out)
    with monkeypatch.context() as patch:  # cut off while products are replaced
        patch.setattr(OutputFolder, "publish", _publish_one)
        with pytest.raises(Interrupted):
            flag(small, out, crds, outliers="observatory", do_blot=True)
    assert flag(small, out, crds, outliers="observatory", do_blot=True)
    changed = record(out)
    assert changed["config"]["outliers"] == "observatory"
    assert changed["state"] == first["state"]
    assert changed["kept_from"]["started"] == first["started"]
    assert changed["kept_from"]["differences"] == ["outliers: was 'spare_stars', is 'observatory'"]
    assert {len(lights) for lights in first["sky_subtracted"].values()} == {2}
    for key in ("groups", "sources", "inputs", "sky_subtracted"):
        assert changed[key] == first[key]
    assert any(
        "[DQ]: the data differ" in said
        for path in out.glob("*_crf.fits")
        for said in file_differences(path, undisturbed / path.name)
    )
    assert len(list(out.glob("*_blot.fits"))) == 3
    assert flag(small, out, crds)
    assert differences(out, undisturbed) == []  # and the blots, which were those of another mosaic, are gone
    assert record(out)["kept_from"]["started"] == first["started"]
    names = [sorted(product["file"] for product in r["products"]) for r in (record(out), first)]
    assert names[0] == names[1]
    assert record(out)["measurements"] == first["measurements"]
    assert "outliers are flagged again: outliers: was" in (out / "lv3_run.log").read_text()
    assert not [path.name for path in out.iterdir() if path.name.startswith(".")]


def test_there_has_to_be_room_beside_the_products_that_stay_meanwhile(small, crds, out, monkeypatch):
    def problems(**options):
        plan = make_step(small, out, crds, **OPTIONS | options).plan
        cost = estimate(plan, plan.parameters)
        with monkeypatch.context() as patch:
            patch.setattr(disk, "free_space", lambda _: cost.disk - folder_size(plan.config.work_folder) - 1)
            return [problem for error in disk.check(plan, cost) for problem in error.problems]

    (problem,) = problems(outliers="observatory")
    assert f"out_dir={out}" in problem
    assert problems(outliers="observatory", overwrite=True) == []  # they are removed first
    monkeypatch.setattr(OutputFolder, "publish", _publish_one)
    with pytest.raises(Interrupted):
        flag(small, out, crds, outliers="observatory")
    assert len(problems(outliers="observatory")) == 1


def _publish_one(folder, files):
    """Publish the association; of other products the first alone, and be cut off."""
    first, *others = files
    publish(first, folder.path)
    if others:
        raise Interrupted(15)


def test_what_else_differs_is_refused_as_before(small, crds, out):
    for options in ({"alignment": "solution"}, {"dr_version": "v1"}, {"exclude": ["_00003_"]}):
        with pytest.raises(ConfigError, match="holds a finished run that differs"):
            flag(small, out, crds, outliers="observatory", **options)
    parameters = {"outlier_detection": {"snr": "6.0 5.0"}, "skymatch": {"subtract": False}}
    with pytest.raises(ConfigError, match="jwst_parameters: was"):
        flag(small, out, crds, jwst_parameters=parameters)


def test_exposures_that_were_changed_since_are_refused_and_stay(small, crds, out):
    path = min(out.glob("*_crf.fits"))
    path.write_bytes(path.read_bytes()[:-1] + b"\1")
    before = {path: path.stat().st_mtime_ns for path in out.iterdir() if path.suffix in (".fits", ".json")}
    with pytest.raises(InputError, match=rf"{path.name} are not as they were made.*overwrite=true"):
        flag(small, out, crds, outliers="observatory")
    assert {path: path.stat().st_mtime_ns for path in before} == before
