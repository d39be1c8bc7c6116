"""Jobs handed to launchers: cores shared out, and jobs that die without an answer."""

import os
import signal
import subprocess
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from app.runtime.errors import ConfigError, ExitCode
from app.runtime.resources import usable_cores
from app.sweep import launch as launching
from app.sweep.cluster import use_image
from app.sweep.jobs import Job, Todo
from app.sweep.launch import launch, share_cores
from app.sweep.slurm import note_states, slurm_states
from tests.sweep.sweeps import make_composer


@pytest.mark.parametrize(
    ("n_jobs", "procs", "jobs", "each"),
    [(-1, None, 6, 1), (-1, 2, 3, 2), (2, None, 2, 3), (4, None, 4, 1), (3, 4, 3, 4), (9, None, 9, 1)],
)
def test_joblibs_jobs_share_the_cores(n_jobs, procs, jobs, each, monkeypatch, caplog):
    monkeypatch.setattr(launching, "usable_cores", lambda: 6)
    master = make_composer("hydra/launcher=joblib", f"hydra.launcher.n_jobs={n_jobs}").master
    assert share_cores(master, procs) == each
    assert master.hydra.launcher.n_jobs == jobs
    assert ("share 6 cores" in caplog.text) == (n_jobs == 3)  # the user has set both


def test_one_job_at_a_time_has_what_it_wants():
    assert share_cores(make_composer().master, None) is None
    assert share_cores(make_composer().master, 7) == 7


@pytest.mark.parametrize(("given", "cores"), [("1", 1), ("9999", None), ("", None), ("2(x3)", None)])
def test_cores_are_no_more_than_slurm_gives_a_task(given, cores, monkeypatch):
    monkeypatch.delenv("SLURM_CPUS_PER_TASK", raising=False)
    all_cores = usable_cores()
    monkeypatch.setenv("SLURM_CPUS_PER_TASK", given)
    assert usable_cores() == (cores or all_cores)


def test_the_image_sees_what_jobs_read_and_write():
    master = make_composer("hydra/launcher=slurm_apptainer", "sif=jwst-lv3.sif").master
    use_image(master, "jwst-lv3.sif", map(Path, ["/sweep", "/scratch", "/scratch"]), [Path("/data")])
    words = list(master.hydra.launcher.srun_args)
    binds = [bind for word, bind in pairwise(words) if word == "--bind"]
    assert binds == ["/sweep:/sweep:rw", "/scratch:/scratch:rw", "/data:/data:ro"]
    assert words[words.index("--pwd") + 1] == "/sweep"


@pytest.mark.parametrize("name", ["jwst $(touch sprung).sif", 'a"; touch sprung; ".sif', "a'b.sif"])
def test_the_images_name_is_no_command_on_the_node(name, tmp_path):
    master = make_composer("hydra/launcher=slurm_apptainer", "sif=x").master
    use_image(master, str(tmp_path / name), [tmp_path], [])
    (setup,) = master.hydra.launcher.setup
    run = partial(subprocess.run, ["sh", "-c", setup], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (missing := run()).returncode == 125
    assert missing.stderr == f"sif={tmp_path / name}: cannot be read on this node\n"
    (tmp_path / name).touch()
    assert run().returncode == 0
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("name", ["a,b", "a:b"])
def test_a_path_that_apptainer_would_take_apart_is_refused(name):
    master = make_composer("hydra/launcher=slurm_apptainer", "sif=x").master
    for written, read in ([f"/{name}"], []), (["/out"], [f"/{name}"]):
        with pytest.raises(ConfigError, match=f"^/{name}: a path with a comma or a colon"):
            use_image(master, "x", map(Path, written), map(Path, read))


def test_a_job_that_is_ended_whole_takes_no_other_with_it(tmp_path, monkeypatch):
    def task(composed):  # not of this module, which the jobs cannot import
        if composed.target == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        return 22 if composed.target == "failing" else 0

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(launching, "task", task)
    composer = make_composer("hydra/launcher=submitit_local", f"out_root={tmp_path}", f"hydra.sweep.dir={tmp_path}")
    jobs = [
        Job(name, (f"target={name}", f"out_dir={tmp_path / name}"), tmp_path / name, Todo.RUN)
        for name in ("killed", "failing", "sound")
    ]
    (statuses,) = launch(composer, jobs, None, few=False)
    assert statuses == [ExitCode.UNEXPECTED, 22, 0]
    assert list(slurm_states(tmp_path)) == [str(tmp_path / "killed")]


def test_the_last_word_on_a_job_counts(tmp_path):
    for state in ("TIMEOUT", "OUT_OF_MEMORY"):
        note_states(tmp_path, [(state, "target=a out_dir=/a"), ("FAILED", "target=b out_dir=/b")])
    found = {folder: ended.state for folder, ended in slurm_states(tmp_path).items()}
    assert found == {"/a": "OUT_OF_MEMORY", "/b": "FAILED"}
    assert Path(tmp_path / "sweep_states.tsv").read_text().count("task\t") == 1
