"""`from app import Lv3Step`: the signature that pjpipe's users know, and what we add behind it."""

import inspect

import pytest
from hydra.core.global_hydra import GlobalHydra
from threadpoolctl import threadpool_info, threadpool_limits

from app import Lv3Step
from app.cli.command import _compose
from app.config.hydra_internals import parse_arguments
from app.crds import SYNTHETIC_CONTEXT, CrdsOptions
from app.runtime.errors import ConfigError, InputError

# lv3step: names, order and defaults of pjpipe's Lv3Step; what has none there has none here, or a sensible one.
PARAMETERS = [
    "target",
    "band",
    "in_dir",
    "out_dir",
    "dr_version",
    "is_bgr",
    "step_ext",
    "procs",
    "tweakreg_degroup_nircam_modules",
    "tweakreg_degroup_nircam_short_chips",
    "tweakreg_group_dithers",
    "tweakreg_degroup_dithers",
    "skymatch_group_dithers",
    "skymatch_degroup_dithers",
    "bgr_check_type",
    "bgr_background_name",
    "process_bgr_like_science",
    "jwst_parameters",
    "do_drizzle",
    "do_blot",
    "blot_fillval",
    "overwrite",
]


def test_the_signature():
    parameters = list(inspect.signature(Lv3Step).parameters.values())
    assert [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD] == PARAMETERS
    assert [p.kind for p in parameters[len(PARAMETERS) :]] == [inspect.Parameter.VAR_KEYWORD]
    assert inspect.signature(Lv3Step).parameters["bgr_background_name"].default == "off"


def test_the_four_methods():
    for name in ("create_asn_file", "do_step", "propagate_metadata", "run_step"):
        assert callable(getattr(Lv3Step, name))


def test_unknown_options_name_the_nearest():
    with pytest.raises(ConfigError, match="did you mean exclude"):
        Lv3Step("ngc0628", "F770W", "in", exclud=["x"])


def test_all_problems_come_at_once():
    with pytest.raises(ConfigError) as error:
        Lv3Step("ngc0628", "F771W", "in", procs=0, bgr_check_type="no", blot_fillval="x")
    assert len(error.value.problems) == 4


def test_nan_is_a_fill_value_in_both_its_forms():
    for value in (float("nan"), "nan", -99):
        Lv3Step("ngc0628", "F770W", "in", blot_fillval=value)


def test_the_defaults_are_those_of_the_command(tmp_path):
    arguments = parse_arguments(["target=ngc0628", "band=F770W", "in_dir=in"])
    assert Lv3Step("ngc0628", "F770W", "in").config == _compose(arguments)
    GlobalHydra.instance().clear()
    arguments = parse_arguments(
        [*arguments.overrides, "recipe=survey", "tweakreg_grouping=[visit,detector]", "sky=local"]
    )
    found = Lv3Step("ngc0628", "F770W", "in", recipe="survey", tweakreg_grouping=["visit", "detector"], sky="local")
    assert found.config == _compose(arguments)


def test_what_is_given_wins_over_a_group():
    step = Lv3Step("ngc0628", "F770W", "in", tweakreg_group_dithers="miri", recipe="phangs", alignment="none")
    assert (step.config.tweakreg_group_dithers, step.config.alignment) == (["miri"], "none")
    assert step.config.skymatch_group_dithers, "what is not given stays as the group sets it"
    assert Lv3Step("ngc0628", "F770W", "in", presets={}).config.presets == {}
    assert Lv3Step.from_config(step.config).config == step.config


def test_a_group_without_such_an_option_lists_those_there_are():
    with pytest.raises(ConfigError, match="observatory"):
        Lv3Step("ngc0628", "F770W", "in", recipe="survy")


def test_crds_may_be_a_table_or_the_name_of_a_mode():
    for crds in ({"mode": "server", "path": "~/cache"}, CrdsOptions("server", path="~/cache")):
        assert Lv3Step("n", "F770W", "in", crds=crds).config.crds == CrdsOptions("server", path="~/cache")
    assert Lv3Step("n", "F770W", "in", crds="synthetic").config.crds.context == SYNTHETIC_CONTEXT


def test_methods_one_by_one(miri, crds, tmp_path):
    step = Lv3Step(
        "ngc0628", "F770W", miri.folder, tmp_path, crds=crds, jwst_parameters={"source_catalog": {"skip": True}}
    )
    files = step.run_step(step.create_asn_file(sorted(miri.files)))
    assert {file.name.rpartition("_")[2] for file in files} == {"crf.fits", "i2d.fits", "alignment.ecsv"}
    step.propagate_metadata(files)
    before = {file: file.stat().st_mtime_ns for file in files}
    assert step.do_step()  # which finds all of it there
    assert {file: file.stat().st_mtime_ns for file in files} == before
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_step_has_one_thread_whatever_was_imported_before(tmp_path, monkeypatch):
    found = []
    monkeypatch.setattr("app.run.step.set_environment", lambda _: found.extend(threadpool_info()))
    with threadpool_limits(limits=2):
        found.extend(threadpool_info())
        with pytest.raises(InputError):
            Lv3Step("ngc0628", "F770W", tmp_path / "none").do_step()
    n_threads = [pool["num_threads"] for pool in found]
    assert n_threads == [2] * (len(found) // 2) + [1] * (len(found) // 2)
