"""Hydra's own node in a survey of somebody else, at random: nothing is made of it, and nothing is written."""

import sys

import pytest
import yaml
from hydra.core.global_hydra import GlobalHydra
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.cli import command
from app.runtime.errors import ConfigError, InputError, Lv3Error
from tests.fuzz.test_fuzz import BOUNDED, NASTY

TRAP = "tests.fuzz.sprung"
CALLED = {"_target_": f"{TRAP}.spring"}
LOGGED = {"version": 1, "handlers": {"x": {"()": f"{TRAP}.spring"}}, "root": {"handlers": ["x"]}}
KEYS = ["callbacks", "job_logging", "hydra_logging", "launcher", "sweeper", "run", "sweep", "job", "output_subdir"]
BELOW = ["_target_", "_args_", "dir", "subdir", "chdir", "env_set", "params", "handlers", "()", "n_jobs", "x"]
values = st.recursive(
    st.sampled_from([*NASTY, f"{TRAP}.spring", "made", True, None]) | st.just(CALLED) | st.just(LOGGED),
    lambda x: st.lists(x, max_size=2) | st.dictionaries(st.sampled_from(BELOW), x, max_size=2),
    max_leaves=4,
)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the command with a survey in which Hydra's node is given."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    (tmp_path / "survey").mkdir()

    def run(node, *words):
        text = yaml.safe_dump({"targets": ["a"], "bands": ["F770W"], "in_dir": "none", "hydra": node})
        (tmp_path / "survey/theirs.yaml").write_text(f"# @package _global_\n{text}")
        monkeypatch.setattr(sys, "argv", ["jwst-lv3", "--config-dir", ".", *words, "survey=theirs"])
        try:
            command._command()
        finally:
            GlobalHydra.instance().clear()
            assert TRAP not in sys.modules
            assert [path.name for path in tmp_path.iterdir()] == ["survey"]

    return run


@settings(BOUNDED, max_examples=30)
@given(st.dictionaries(st.sampled_from(KEYS), values, min_size=1, max_size=2), st.sampled_from([[], ["-m"]]))
@example({"callbacks": {"x": CALLED}}, [])
@example({"callbacks": {"x": CALLED}}, ["-m"])
@example({"job_logging": LOGGED}, [])
def test_nothing_is_made_of_hydras_node(run, node, words):
    with pytest.raises(Lv3Error):  # where all is harmless it is the folder that is not there
        run(node, *words, *([] if words else ["action=summary"]))


@pytest.mark.parametrize(
    ("node", "said"),
    [
        ({"callbacks": {"x": CALLED}}, "hydra.callbacks="),
        ({"hydra_logging": LOGGED}, "hydra.hydra_logging="),
        ({"job": {"env_set": {"PATH": "/theirs"}}}, "hydra.job.env_set="),
        ({"job": {"chdir": True}}, "hydra.job.chdir=True"),
        ({"launcher": {"setup": [{"x": CALLED}]}}, "hydra.launcher.setup.0.x._target_="),
        ({"launcher": {"setup": "${oc.create:{_target_: x}}"}}, "hydra.launcher.setup._target_=x"),
    ],
)
@pytest.mark.parametrize("words", [[], ["-m"]])
def test_what_hydra_would_follow_is_refused_by_name(run, node, said, words):
    with pytest.raises(ConfigError) as refused:
        run(node, *words, "hydra/launcher=slurm_apptainer")
    assert any(problem.startswith(said) for problem in refused.value.problems), refused.value.problems


def test_the_command_line_moves_nothing_either(run):
    with pytest.raises(ConfigError, match=r"hydra\.run\.dir=made: the program decides this itself"):
        run({}, "hydra.run.dir=made", "hydra/job_logging=default", "action=summary")


def test_what_is_harmless_in_hydras_node_is_taken(run):
    with pytest.raises(InputError, match="no job of a sweep"):
        run({"sweeper": {"params": {"dr_version": "v1,v2"}}, "verbose": True}, "action=summary")
