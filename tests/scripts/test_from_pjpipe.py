"""Configurations of pjpipe, as its documentation shows them, turned into ours."""

import shlex
import tomllib

import pytest
import yaml
from hydra import compose, initialize_config_dir
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin

from app.config.composition import to_config
from app.config.folders import CONF
from app.runtime.errors import ConfigError, ExitCode
from scripts.from_pjpipe import main, move

CONFIG = """
targets = ['ngc0628', 'ngc1365']
version = 'v1p0'
bands = ['F200W', 'F300M', 'F770W', 'F770W_bgr']
steps = [
    'download', 'lv1', 'single_tile_destripe.nircam', 'lv2', 'get_wcs_adjust', 'level_match',
    'multi_tile_destripe.nircam', 'lyot_mask.miri.bgr', 'lv3', 'release',
]

[parameters.lv1]
jwst_parameters.save_results = true

[parameters.lv3]
tweakreg_group_dithers = ['nircam_short', 'nircam_long', 'miri']
bgr_check_type = 'check_in_name'
do_blot = true
blot_ref_index = 0
blot_fillval = np.nan

[parameters.lv3.jwst_parameters]
save_results = true

[parameters.lv3.jwst_parameters.tweakreg]
skip.F770W = true
align_to_gaia = false
brightest.nircam_short = 125
snr_threshold = 3
tolerance.nircam_shrot = 0.3

[parameters.lv3.jwst_parameters.resample]
rotation = 0.0
"""
LOCAL = "crds_path = '/crds'\nraw_dir = '/raw'\nreprocess_dir = '/data/jwst'\nprocessors = 20\n"


@pytest.fixture
def files(tmp_path):
    paths = tmp_path / "config.toml", tmp_path / "local.toml", tmp_path / "survey.yaml"
    paths[0].write_text(CONFIG)
    paths[1].write_text(LOCAL)
    return paths


def turn(config, local, output):
    return main([str(config), "--local", str(local), "--output", str(output)])


def test_what_is_carried_over(files, capsys):
    assert turn(*files) == 0
    made = yaml.safe_load(files[2].read_text())
    assert made == {
        "defaults": ["config", "_self_"],
        "targets": ["ngc0628", "ngc1365"],
        "dr_version": "v1p0",
        "tweakreg_group_dithers": ["nircam_short", "nircam_long", "miri"],
        "bgr_check_type": "check_in_name",
        "do_blot": True,
        "blot_fillval": "nan",
        "data": "/data/jwst/v1p0",
        "procs": 20,
        "jwst_parameters": {
            "tweakreg": {
                "skip": {"F770W": True},
                "brightest": {"nircam_short": 125},
                "snr_threshold": 3,
                "tolerance": {"nircam_shrot": 0.3},
            },
            "resample": {"rotation": 0.0},
        },
    }


def test_what_is_not_carried_over_is_said(files, capsys):
    turn(*files)
    said = capsys.readouterr().err
    for name in ("blot_ref_index", "save_results", "align_to_gaia", "parameters.lv1", "raw_dir", "crds_path", "np.nan"):
        assert name in said
    assert "to be put right: jwst_parameters.tweakreg.tolerance.nircam_shrot: matches nothing" in said


def test_the_sweeps_read_where_pjpipe_left_the_exposures(files, capsys):
    turn(*files)
    sweeps = [shlex.split(line)[6:] for line in capsys.readouterr().out.splitlines()]
    folder = "in_dir=${data}/${target}/${band}"
    assert sweeps == [
        ["target=ngc0628,ngc1365", "band=F200W,F300M", f"{folder}/multi_tile_destripe"],
        ["target=ngc0628,ngc1365", "band=F770W", f"{folder}/level_match"],
        ["target=ngc0628,ngc1365", "band=F770W", f"{folder}_bgr/lyot_mask", "is_bgr=true"],
    ]


def test_hydra_composes_what_is_made(files, capsys):
    turn(*files)
    arguments = shlex.split(capsys.readouterr().out.splitlines()[1])

    class ConfDir(SearchPathPlugin):
        def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
            search_path.append("main", f"file://{CONF}")

    Plugins.instance().register(ConfDir)
    with initialize_config_dir(arguments[2], version_base="1.3"):
        config = to_config(compose(arguments[4], ["target=ngc0628", "band=F770W", arguments[-1]]))
    assert config.in_dir == ["/data/jwst/v1p0/ngc0628/F770W/level_match"]


def moved(**changes):
    notes = []
    return move({**tomllib.loads(CONFIG.replace("np.nan", "'nan'")), **changes}, {}, notes)


@pytest.mark.parametrize(
    "changes",
    [
        {"targets": ["../ngc0628"]},
        {"targets": ["ngc0628; rm -rf"]},
        {"targets": ["$(id)"]},
        {"targets": "ngc0628"},
        {"targets": []},
        {"targets": [1]},
        {"version": "../v1"},
        {"bands": ["F771W"]},
        {"bands": ["F770W/.."]},
        {"steps": ["../../etc"]},
        {"parameters": {"lv3": {"bgr_background_name": "${oc.env:HOME}"}}},
        {"parameters": {"lv3": {"jwst_parameters": {"tweakreg": {"${x}": 1}}}}},
        {"parameters": {"lv3": 3}},
    ],
)
def test_names_lead_nowhere_else(changes):
    with pytest.raises(ConfigError):
        moved(**changes)


def test_values_that_depend_on_targets_stay_with_jwst_parameters():
    found = moved(parameters={"lv3": {"do_drizzle": {"ngc0628": True}, "do_blott": True}})
    assert "do_drizzle" not in found.config
    assert any("do_drizzle: depends on ngc0628" in note for note in found.notes)
    assert any("do_blott" in note and "did you mean do_blot?" in note for note in found.notes)


def test_without_the_local_file_the_folder_is_asked_for():
    assert any("set data" in note for note in moved().notes)


@pytest.mark.parametrize("text", ["targets = [", "\0", "targets = ['a']"])
def test_a_file_that_is_no_configuration(files, capsys, text):
    files[0].write_text(text)
    assert turn(*files) == ExitCode.CONFIG
    assert capsys.readouterr().err.startswith("error: ")
    assert not files[2].exists()
