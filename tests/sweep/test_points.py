"""What a command line and a survey sweep, and how each point is composed."""

import pytest
from omegaconf import OmegaConf

from app.config.composition import to_config
from app.runtime.errors import ConfigError
from tests.sweep.sweeps import make_composer

BASE = ("in_dir=/in", "crds=synthetic")


def swept(composer):
    return [tuple(point.swept.values()) for point in composer.points()]


def test_every_combination_is_a_point():
    composer = make_composer("target=a,b", "band=F770W,F1000W", *BASE)
    assert swept(composer) == [("a", "F770W"), ("a", "F1000W"), ("b", "F770W"), ("b", "F1000W")]


def test_composing_quickly_gives_what_hydra_gives():
    words = [
        "+jwst_parameters.tweakreg.snr_threshold=3,5",
        "tweakreg_grouping=default,[degroup_modules]",
        "exclude=[x,y]",
    ]
    composer = make_composer("target=a", "band=F770W", "in_dir=/in/${target}", "crds=synthetic", *words)
    points = composer.points()
    assert len(points) == 4
    for point in points:
        whole = composer.loader.load_sweep_config(composer.master, list(point.overrides))
        OmegaConf.set_struct(whole, False)
        del whole["hydra"]
        assert composer.config(point) == to_config(whole)
    assert composer.config(points[0]).in_dir == ["/in/a"]


def test_a_survey_brings_targets_and_bands_and_the_command_line_wins():
    everything = make_composer("survey=phangs", "data=/data")
    assert len(everything.points()) == 19 * 8
    some = make_composer("survey=phangs", "data=/data", "band=F770W", "target=ngc0628,ngc7496")
    assert swept(some) == [("ngc0628",), ("ngc7496",)]
    config = some.config(some.points()[1])
    assert config.in_dir == ["/data/ngc7496/F770W"]
    assert config.skymatch_group_dithers == ["miri", "nircam_long", "nircam_short", "niriss"]
    assert config.presets["parameters"]["tweakreg"]["starfinder"] == "iraf"


def test_one_name_is_a_list_of_one():
    composer = make_composer("targets=ngc1365", "bands=F770W", "tweakreg_group_dithers=miri", *BASE)
    (point,) = composer.points()
    config = composer.config(point)
    assert (config.target, config.targets, config.band) == ("ngc1365", ["ngc1365"], "F770W")
    assert config.tweakreg_group_dithers == ["miri"]


def test_a_survey_asks_for_its_data():
    composer = make_composer("survey=phangs", "target=ngc0628", "band=F770W")
    with pytest.raises(ConfigError, match="data: not given"):
        composer.config(composer.points()[0])


def test_settings_of_the_sweep_itself_take_one_value():
    with pytest.raises(ConfigError, match="keep_going: is one for the whole sweep"):
        make_composer("target=a", "band=F770W", "keep_going=true,false", *BASE).points()


def test_a_folder_of_own_surveys(tmp_path):
    (tmp_path / "survey").mkdir()
    (tmp_path / "survey" / "mine.yaml").write_text(
        "# @package _global_\ntargets: [a, b]\nbands: [F770W]\nin_dir: /in\n"
    )
    composer = make_composer("--config-dir", str(tmp_path), "survey=mine")
    assert swept(composer) == [("a",), ("b",)]
    assert composer.config_dir == tmp_path
    with pytest.raises(ConfigError, match="no such folder"):
        make_composer("--config-dir", str(tmp_path / "none"), "survey=mine")
