"""Where a run begins, by what an earlier one left: each case in a copy of a finished run's folder, edited."""

import shutil

import pytest

from app.plan.checks.outputs import check_strangers
from app.record.record import Record, read_record
from app.run.folder import OutputFolder
from app.run.outcome import concluded
from app.run.resumption import beginning
from app.runtime.signals import Interrupted
from tests.run.conftest import OPTIONS
from tests.runs import edit_record, make_step

EMISSION = {"code": "emission_everywhere", "message": "No level.", "hint": "Look.", "step": "skymatch"}
MEASURED = {"code": "sky_steps", "message": "Steps.", "hint": "Look."}


@pytest.fixture
def out(undisturbed, tmp_path):
    return shutil.copytree(undisturbed, tmp_path / "out")


@pytest.fixture
def step(small, out, crds):
    """The step for that folder, with other options."""
    return lambda **options: make_step(small, out, crds, **OPTIONS | options)


@pytest.fixture
def begin(step, out):
    """Where a run begins whose record says this."""

    def begin(**facts):
        edit_record(out, **facts)
        asked = step()
        return beginning(asked.plan, OutputFolder(asked.config), read_record(out))

    return begin


def test_products_stay_known_until_they_are_removed(step, out, monkeypatch):
    """A signal, or an error, may come before: what no record lists, no run may touch, and none could begin again."""
    before = read_record(out)["products"]
    with monkeypatch.context() as patch:
        patch.setattr("app.run.step.say_what_comes", lambda *_: (_ for _ in ()).throw(Interrupted(15)))
        with pytest.raises(Interrupted):
            step(overwrite=True).do_step()
    found = read_record(out)
    assert (found["state"], found["products"]) == ("interrupted", before)
    assert "measurements" not in found
    assert list(check_strangers(step(overwrite=True).plan)) == []
    with monkeypatch.context() as patch:
        patch.setattr("app.run.making.Making._run", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            step(overwrite=True).do_step()
    assert read_record(out)["products"] == []
    assert list(out.glob("*.fits")) == []


def test_a_mosaic_is_not_gone_on_with_where_the_work_beside_it_is_of_another_run(begin, step, out):
    halted = {"state": "interrupted", "pipeline": "mosaic"}
    assert begin(**halted).has_mosaic
    work = OutputFolder(step().config).work
    work.mkdir()
    (work / "run").write_text("another")
    found = begin(**halted)
    assert found.record is None
    assert "it belongs to another run" in " ".join(found.words)


def test_caveats_of_steps_that_are_not_run_again_stay(begin):
    found = begin(state="interrupted", pipeline="mosaic", caveats=[EMISSION, MEASURED])
    assert found.record["caveats"] == [EMISSION]


def test_a_finished_run_whose_products_are_gone_says_what_it_makes_again(begin, out):
    gone = min(out.glob("*_crf.fits"))
    gone.unlink()
    found = begin()
    assert found.record is None
    assert f"{gone.name} are gone: all is made again" in " ".join(found.words)


def test_work_in_another_folder_is_told(begin, tmp_path):
    halted = {"state": "interrupted", "pipeline": None, "kept": {"folder": str(tmp_path / "scratch"), "size": 1}}
    assert begin(**halted).words == []
    (tmp_path / "scratch").mkdir()
    (words,) = begin(**halted).words
    assert f"{tmp_path / 'scratch'}: what an earlier start, with another work_dir, finished is not used" in words


def test_room_is_given_back_before_the_last_words(step, out, monkeypatch):
    reserved = []
    folder = OutputFolder((asked := step(report=True)).config)
    monkeypatch.setattr("app.run.outcome.report", lambda *_, **__: reserved.append((folder.work / "reserve").exists()))
    with folder.taken():
        folder.prepare()
        assert (folder.work / "reserve").exists()
        with concluded(Record(out, asked.config, read_record(out)), asked.plan, folder, None):
            pass
    assert reserved == [False]
