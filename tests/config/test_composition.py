"""Files of one's own beside conf/: made to work, or refused in words that say what to write where."""

import pytest

from tests.cli.test_command import command

RUN = "target: ngc0628\nband: F770W\nin_dir: /nowhere\n"


@pytest.fixture
def refused(tmp_path):
    """The one problem that the command sees in a file ``mine.yaml`` of one's own."""

    def refused(content: str, *arguments: str, group: str = "") -> str:
        folder = tmp_path / group
        folder.mkdir(exist_ok=True)
        (folder / "mine.yaml").write_text(content)
        result = command("--config-dir", str(tmp_path), *arguments, cwd=tmp_path)
        assert result.returncode == 2, result.stderr
        assert [path.name for path in tmp_path.iterdir()] == [group or "mine.yaml"]
        (problem,) = result.stderr.splitlines()
        return problem

    return refused


@pytest.mark.parametrize("flags", [(), ("-m",)], ids=["run", "sweep"])
def test_a_configuration_that_does_not_build_on_the_programs_own(refused, flags):
    problem = refused(RUN, "--config-name", "mine", *flags)
    assert "mine.yaml: does not build on the program's own configuration" in problem
    assert "`defaults: [config, _self_]`" in problem


def test_a_configuration_that_builds_on_it_as_the_message_says(tmp_path):
    (tmp_path / "mine.yaml").write_text("defaults: [config, _self_]\n" + RUN)
    result = command("--config-dir", str(tmp_path), "--config-name", "mine", "crds=synthetic", f"crds.path={tmp_path}")
    assert "in_dir=/nowhere: no such folder" in result.stderr
    assert result.returncode == 20


@pytest.mark.parametrize("flags", [(), ("-m",)], ids=["run", "sweep"])
def test_a_survey_without_its_package(refused, flags):
    problem = refused("targets: [a, b]\nbands: [F770W]\n", "survey=mine", *flags, group="survey")
    assert "survey/mine.yaml: its first line has to be `# @package _global_`; without it" in problem


def test_an_option_that_is_added_to_the_one_there_is(refused):
    problem = refused("# @package _global_\ndr_version: v7\n", "+survey=mine", group="survey")
    assert "+survey=mine: the group has an option already; write survey=mine, without +" in problem


def test_an_option_for_steps_without_its_package(refused):
    problem = refused("skymatch: {skymethod: local}\n", "sky=mine", group="sky")
    assert "or `# @package presets.sky` for parameters of steps" in problem


def test_a_key_that_is_none(refused):
    assert "survey/mine.yaml: targts: no such key; did you mean targets?" in refused(
        "# @package _global_\ntargts: [a]\n", "survey=mine", group="survey"
    )


def test_a_file_that_is_no_yaml(refused):
    problem = refused("target: ngc0628\n  band: F770W\n", "--config-name", "mine")
    assert "mine.yaml: line 2, column 7: mapping values are not allowed here" in problem


@pytest.mark.parametrize("sign", ["+", "++"])
def test_a_key_that_hydra_would_add(sign):
    result = command(f"{sign}exclud=[x]", "target=n", "band=F770W", "in_dir=in")
    assert (result.returncode, "exclud: no such key; did you mean exclude?" in result.stderr) == (2, True)
