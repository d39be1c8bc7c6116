"""Is a run finished, and what differs: one answer from any folder, for single runs and sweeps alike."""

import shutil

import pytest

from app.config.paths import with_resolved_paths
from app.plan.plan import make_plan
from app.record.provenance import versions
from app.record.standing import standing
from app.runtime.errors import ConfigError, StrictError
from app.simulation import simulate_observation
from app.sweep.jobs import Todo, look_at
from tests.runs import edit_record, make_step, run
from tests.sweep.sweeps import make_composer

ALONE = {"tweakreg": {"skip": True}, "source_catalog": {"skip": True}, "outlier_detection": {"skip": True}}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Two MIRI dithers."""
    return simulate_observation(tmp_path_factory.mktemp("small") / "in", n_dithers=2, window=(128, 128))


@pytest.fixture(scope="module")
def made(small, crds, tmp_path_factory):
    """A finished run, from a folder of its own, with paths relative to that."""
    root = tmp_path_factory.mktemp("made")
    (root / "data").symlink_to(small.folder)
    (root / "sky.txt").write_text("".join(f"{path.name} 0.5\n" for path in sorted(small.folder.glob("*_cal.fits"))))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        run(small, root / "out", crds, in_dir="data", sky_levels="sky.txt", jwst_parameters=ALONE)
    return root


@pytest.fixture
def again(made, small, crds, tmp_path):
    """The standing of the same run in a copy of its folder, with other options."""
    shutil.copytree(made / "out", tmp_path / "out")

    def again(versions=None, **options):
        known = {"in_dir": small.folder, "sky_levels": str(made / "sky.txt"), "jwst_parameters": ALONE}
        config = make_step(small, tmp_path / "out", crds, **known | options).config
        return standing(config, make_plan(config).members, versions)

    return again


def test_relative_paths_links_and_dots_name_the_same_files(again, made, small, monkeypatch):
    assert again().is_finished
    assert again(in_dir=made / "data", sky_levels=str(made / "out" / ".." / "sky.txt")).is_finished
    assert again(in_dir=made / "data", sky_levels=str(made / "other.txt")).differences
    assert again(in_dir=str(small.folder / ".." / small.folder.name)).is_finished
    monkeypatch.chdir(made / "out")
    assert again(in_dir="../data", sky_levels="../sky.txt").is_finished


def test_files_in_parameters_are_the_same_by_any_path(made, small, crds, tmp_path, monkeypatch):
    monkeypatch.chdir(made)
    parameters = {
        "tweakreg": {"abs_refcat": {"miri": "sky.txt"}, "snr_threshold": 5},
        "skymatch": {"skylist": "none.txt"},
    }
    step = make_step(small, tmp_path / "out", crds, jwst_parameters=parameters)
    found = with_resolved_paths(step.config)["jwst_parameters"]
    assert found["tweakreg"] == {"abs_refcat": {"miri": str((made / "sky.txt").resolve())}, "snr_threshold": 5}
    assert found["skymatch"] == {"skylist": "none.txt"}
    assert step.config.jwst_parameters == parameters


def test_what_differs_is_said(again):
    assert again(dr_version="v9").differences == ["dr_version: was 'v0', is 'v9'"]
    assert again(versions=versions() | {"jwst": "9.9"}).differences == ["version of jwst: was 3.0.0, is 9.9"]
    assert again(versions=versions()).is_finished
    assert again(overwrite=True).record is None


def test_where_nothing_but_outliers_differs_alignment_can_be_kept(again, tmp_path):
    found = again(outliers="spare_stars")
    assert found.aligned
    assert (found.record, found.differences) == (None, ["outliers: was 'observatory', is 'spare_stars'"])
    other = ALONE | {"outlier_detection": {"snr": "6.0 5.0"}}
    assert again(jwst_parameters=other).aligned
    for options in ({"dr_version": "v9"}, {"jwst_parameters": other | {"tweakreg": {"skip": False}}}):
        assert again(outliers="spare_stars", **options).aligned is None
    assert again(versions() | {"jwst": "9.9"}, outliers="spare_stars").aligned is None
    edit_record(tmp_path / "out", state="failed")
    assert again(outliers="spare_stars").aligned is None


def test_a_file_that_was_read_counts_by_its_content(again, made):
    levels = made / "sky.txt"
    before = levels.read_text()
    levels.write_text(before.replace("0.5", "0.7"))
    assert again().differences == [f"{levels}: has changed"]
    assert again(outliers="spare_stars").aligned is None
    levels.write_text(before)
    assert again().is_finished


def test_a_product_that_is_gone_is_made_again(again, tmp_path):
    next((tmp_path / "out").glob("*_crf.fits")).unlink()
    found = again()
    assert (found.record, found.differences, found.is_finished) == (None, [], False)


def test_what_is_asked_for_later_is_missing(again):
    found = again(do_blot=True)
    assert found.record
    assert not found.is_finished


def test_a_single_run_and_a_sweep_answer_alike(made, small, crds, tmp_path, monkeypatch):
    shutil.copytree(made / "out", tmp_path / "out")
    monkeypatch.chdir(made)
    words = ["target=ngc0628", "band=F770W", "in_dir=data", "sky_levels=sky.txt", f"out_dir={tmp_path / 'out'}"]
    words += ["crds=synthetic", f"crds.path={crds.path}", "report=false", "speed=exact"]
    words += [f"+jwst_parameters.{step}.skip=true" for step in ALONE]

    def sweep(known, *others):
        (job,) = look_at(make_composer(*words, *others), 1, known)
        return job

    step = make_step(small, tmp_path / "out", crds, in_dir="data", sky_levels="sky.txt", jwst_parameters=ALONE)
    assert sweep(versions()).todo is Todo.FINISHED
    changed = sweep(versions(), "outliers=spare_stars")
    assert (changed.todo, "overwrite=true" in changed.overrides) == (Todo.RUN, False)
    assert step.do_step()
    edit_record(tmp_path / "out", versions=versions() | {"jwst": "2.9"})
    assert sweep(versions()).todo is Todo.AGAIN
    with pytest.raises(ConfigError, match=r"(?s)overwrite=true.*version of jwst: was 2.9, is 3.0.0"):
        step.do_step()


def test_strict_on_a_finished_run_with_caveats_is_the_same_every_time(made, small, crds, tmp_path):
    shutil.copytree(made / "out", tmp_path / "out")
    caveat = {"code": "sky_steps", "message": "Steps.", "hint": "Look."}
    edit_record(tmp_path / "out", state="success_with_caveats", caveats=[caveat])
    options = {"in_dir": small.folder, "sky_levels": str(made / "sky.txt"), "jwst_parameters": ALONE}
    for _ in range(2):
        with pytest.raises(StrictError, match=r"sky_steps: Steps\. Look\."):
            make_step(small, tmp_path / "out", crds, strict=True, **options).do_step()
    assert make_step(small, tmp_path / "out", crds, **options).do_step()


def test_a_typing_error_is_said_before_differences(made, small, crds, tmp_path):
    shutil.copytree(made / "out", tmp_path / "out")
    wrong = {**ALONE, "skymatch": {"skymethods": "user"}}
    with pytest.raises(ConfigError, match="skymethods: no such parameter") as error:
        make_step(small, tmp_path / "out", crds, jwst_parameters=wrong).do_step()
    assert "holds a finished run" not in str(error.value)
