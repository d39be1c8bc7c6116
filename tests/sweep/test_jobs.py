"""All jobs are looked at before the first starts."""

import os
import resource
from dataclasses import replace

import numpy as np
import pytest

from app.config.hydra_internals import parse_arguments
from app.runtime.errors import ConfigError
from app.runtime.resources import usable_cores
from app.sweep.jobs import Job, Todo, _after_their_leaders, look_at
from app.sweep.sweep import _in_turn, sweep
from app.sweep.totals import each_once, problem_table, totals
from tests.sweep.sweeps import make_composer


def look(*words, versions=None):
    return look_at(make_composer("crds=synthetic", *words), 1, versions)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("action", ["catalogue", "release"])
def test_what_no_job_does_is_refused_and_nothing_runs(miri, here, action):
    words = ["-m", "target=a,b", "band=F770W", f"in_dir={miri.folder}", "crds=synthetic", f"action={action}"]
    with pytest.raises(ConfigError, match=f"action={action}: .* without -m"):
        sweep(parse_arguments(words))
    assert list(here.iterdir()) == []


def test_sound_jobs_have_places_and_costs(miri, here):
    jobs = look("target=a", "band=F770W", f"in_dir={miri.folder}", "dr_version=v1,v2")
    assert [job.todo for job in jobs] == [Todo.RUN, Todo.RUN]
    assert [job.folder for job in jobs] == [here / "out/a/F770W" / f"dr_version-{v}" for v in ("v1", "v2")]
    assert all(f"out_dir={job.folder}" in job.overrides for job in jobs)
    assert jobs[0].cost.n_exposures == 4
    text = totals(jobs)
    assert "2 jobs: 2 run" in text
    assert "exposures      8" in text


def test_problems_of_all_jobs_are_found_at_once(miri, here):
    jobs = look("target=a", "band=F770W,F1000W,F77W", f"in_dir={miri.folder},/none", "+jwst_parameters.tweakreg.snr=3")
    assert all(job.todo is Todo.REFUSED for job in jobs)
    table = "\n".join(problem_table(jobs))
    for said in (
        "is MIRI F1000W; it holds MIRI F770W (6)",
        "band=F77W: no such band",
        "in_dir=/none",
        "no such parameter",
    ):
        assert said in table
    assert "2 jobs (band=F77W in_dir=" in table  # one problem is one line, whatever jobs have it


def test_what_differs_by_the_jobs_own_values_alone_is_said_once():
    names = [f"target=ngc{n} band={band}" for n in (628, 1365) for band in ("F770W", "F1000W")]
    missing = [(name, f"in_dir=/d/{name.split()[0][7:]}/{name.split()[1][5:]}: no such folder") for name in names]
    (line,) = each_once(missing)
    assert line.startswith("4 jobs (target=ngc628 band=F770W; ")
    assert line.endswith("in_dir=/d/ngc628/F770W: no such folder"), "the first, as it is"
    assert len(each_once([*missing, ("target=m33", "another thing")])) == 2
    assert len(each_once([("a/F770W", "failed: in a/F770W: x"), ("b/F770W", "failed: in b/F770W: x")])) == 2
    assert len(each_once([("aa/F770W", "failed: in aa/F770W: x"), ("bb/F770W", "failed: in bb/F770W: x")])) == 1


def test_files_of_others_are_safe_from_a_sweep(miri, here):
    folder = here / "out/a/F770W/dr_version-v2"
    folder.mkdir(parents=True)
    (folder / "a_miri_lv3_f770w_i2d.fits").write_text("mine")
    jobs = look("target=a", "band=F770W", f"in_dir={miri.folder}", "dr_version=v1,v2")
    assert [job.todo for job in jobs] == [Todo.RUN, Todo.REFUSED]
    assert "holds a_miri_lv3_f770w_i2d.fits, which no run of this program listed" in jobs[1].problems[0]


def test_jobs_that_would_share_a_place_are_refused(miri, here):
    jobs = look("target=a", "band=F770W", f"in_dir={miri.folder}", "out_dir=here", "dr_version=v1,v2")
    assert [job.todo for job in jobs] == [Todo.REFUSED] * 2
    assert "2 jobs would write there" in jobs[0].problems[0]


def test_paths_mean_the_same_wherever_a_job_runs(miri, here):
    (here / "data").symlink_to(miri.folder)
    (job,) = look("target=a", "band=F770W", "in_dir=data", "work_dir=scratch", "crds.path=references")
    assert {f"in_dir={here}/data", f"work_dir={here}/scratch", f"crds.path={here}/references"} <= {*job.overrides}
    assert (job.reads, job.writes) == ((here / "data", here / "references"), (here / "scratch",))


def test_files_that_parameters_name_are_absolute_and_read(miri, here):
    (here / "lists").mkdir()
    (here / "cat.ecsv").touch()
    (here / "other.ecsv").touch()
    (here / "lists/cats.txt").write_text("# exposure catalogue\na_cal a.ecsv\nb_cal ../other.ecsv\n")
    words = ["+jwst_parameters.tweakreg.abs_refcat={miri:cat.ecsv,nircam:GAIADR3}"]
    words += ["+jwst_parameters.tweakreg.catfile=lists/cats.txt", "+presets.sky={skymatch:{skylist:other.ecsv}}"]
    (job,) = look("target=M83.1", "band=F770W", f"in_dir={miri.folder}", *words)
    composer = make_composer("crds=synthetic", *job.overrides)
    (point,) = composer.points()
    config = composer.config(point)
    tweakreg = config.jwst_parameters["tweakreg"]
    assert config.presets["sky"]["skymatch"]["skylist"] == f"{here}/other.ecsv"
    assert tweakreg["abs_refcat"] == {"miri": f"{here}/cat.ecsv", "nircam": "GAIADR3"}
    assert tweakreg["catfile"] == f"{here}/lists/cats.txt"
    assert {here / "cat.ecsv", here / "lists", here / "lists/../other.ecsv"} <= {*job.reads}


def test_a_file_under_a_selector_of_any_name_is_absolute(miri, here):
    (here / "cat.ecsv").touch()
    words = ["+jwst_parameters.tweakreg.abs_refcat={MACSJ0416.1-2403:cat.ecsv}"]
    (job,) = look("target=MACSJ0416.1-2403", "band=F770W", f"in_dir={miri.folder}", *words)
    composer = make_composer("crds=synthetic", *job.overrides)
    parameters = composer.config(composer.points()[0]).jwst_parameters
    assert parameters["tweakreg"]["abs_refcat"] == {"MACSJ0416.1-2403": f"{here}/cat.ecsv"}


def test_files_that_are_not_there_are_refused_before_anything_starts(miri, here):
    named = {"tweakreg": ("abs_refcat", "catfile"), "resample": ("output_wcs",), "skymatch": ("skylist",)}
    words = [f"+jwst_parameters.{step}.{name}=no.txt" for step, names in named.items() for name in names]
    jobs = look("target=a,b", "band=F770W", f"in_dir={miri.folder}", *words, "mosaic_like=no_i2d.fits")
    assert [job.todo for job in jobs] == [Todo.REFUSED] * 2
    problems = "\n".join(jobs[0].problems)
    for step, names in named.items():
        for name in names:
            assert f"jwst_parameters.{step}.{name}=no.txt: no such file" in problems
    assert "mosaic_like=no_i2d.fits: no such file" in problems


def test_a_file_that_another_target_needs_is_not_asked_for(miri, here):
    words = ["+jwst_parameters.tweakreg.abs_refcat={b:no.ecsv}", "+jwst_parameters.resample={skip:true,output_wcs:no}"]
    jobs = look("target=a,b", "band=F770W", f"in_dir={miri.folder}", *words)
    assert [job.todo for job in jobs] == [Todo.RUN, Todo.REFUSED]


def test_a_refused_job_has_its_folder_and_its_name(miri, here):
    words = ("target=a", "band=F770W,F77W", f"in_dir={miri.folder},none", "keep_going=true", "action=plan")
    jobs = {job.name: job for job in look(*words)}
    missing, unknown = jobs["band=F770W in_dir=none"], jobs[f"band=F77W in_dir={miri.folder}"]
    assert missing.key == str(here / "out/a/F770W/in_dir-none")
    assert f"out_dir={missing.key}" in missing.overrides
    assert unknown.key == f"band=F77W in_dir={miri.folder}"
    assert not {"keep_going=true", "action=plan"} & {*missing.overrides, *unknown.overrides}


def test_a_changed_sweep_keeps_the_places_of_its_jobs(miri, here):
    words = ("target=a", "band=F770W", f"in_dir={miri.folder}")
    before = {job.name: job.folder for job in look(*words, "dr_version=v1,v2")}
    after = {job.name: job.folder for job in look(*words, "dr_version=v0,v2,v1")}
    assert before.items() <= after.items()


def test_a_thousand_jobs_are_planned_in_a_minute(miri, here):
    for n in range(1000):
        folder = here / "data" / f"ngc{n:04d}" / "F770W"
        folder.mkdir(parents=True)
        os.link(miri.files[0], folder / miri.files[0].name)
    (here / "survey").mkdir()
    targets = "\n".join(f"- ngc{n:04d}" for n in range(1000))
    text = f"# @package _global_\nbands: [F770W]\nin_dir: data/${{target}}/${{band}}\ntargets:\n{targets}\n"
    (here / "survey" / "large.yaml").write_text(text)
    before = cpu_and_memory()
    jobs = look_at(make_composer("--config-dir", str(here), "survey=large", "crds=synthetic"), usable_cores(), None)
    seconds, kib = cpu_and_memory() - before
    assert [job.todo for job in jobs] == [Todo.RUN] * 1000, jobs[0].problems
    assert len({job.folder for job in jobs}) == 1000
    assert seconds < 60
    assert kib < 300 * 1024


def cpu_and_memory():
    """CPU time of this process and its children [s], whatever else it does; memory [KiB]."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return np.array([own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime, own.ru_maxrss])


def test_what_follows_a_run_that_is_made_again_is_made_again(here):
    leader = Job("a", ("out_dir=a",), here / "a", Todo.AGAIN, follows=here / "a")
    follower = Job("b", ("out_dir=b",), here / "b", Todo.FINISHED, follows=here / "a")
    other = Job("c", ("out_dir=c",), here / "c", Todo.FINISHED)
    assert list(_after_their_leaders([replace(leader, todo=Todo.RUN), follower]))[1] == follower
    _, again, same = _after_their_leaders([leader, follower, other])
    assert (again.todo, again.overrides) == (Todo.AGAIN, ("out_dir=b", "overwrite=true"))
    assert again.changes == [f"the run that it follows, {here / 'a'}, is made again"]
    assert same == other


def test_what_others_follow_is_known_and_comes_first(miri, here):
    words = "target=a", "band=F770W", f"in_dir={miri.folder}", "dr_version=v2,v1"
    jobs = look(*words, "out_dir=out/${dr_version}", "alignment=from_run", "align_from=out/v1")
    assert [job.follows for job in jobs] == [here / "out/v1"] * 2
    leaders, others = _in_turn(jobs)
    assert [job.folder for job in leaders] == [here / "out/v1"]
    assert [job.folder for job in others] == [here / "out/v2"]
    assert all(job.todo is Todo.RUN for job in jobs)
    assert all(here / "out/v1" not in job.reads for job in jobs)  # not there yet
    assert all(f"align_from={here / 'out/v1'}" in job.overrides for job in jobs)
