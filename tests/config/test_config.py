"""What a configuration may say: names, types, choices, the traps of YAML, keys that contradict each other."""

import pytest

from app.config.schema import PRESETS, Lv3Config, unknown_keys
from app.config.validation import check
from app.crds import CONTEXT, SYNTHETIC_CONTEXT, CrdsOptions
from app.observation.bands import Channel, find_bands
from app.runtime.errors import ConfigError


def problems(**options):
    """Problems of a configuration that is sound but for these options."""
    try:
        check(Lv3Config(**{"target": "ngc0628", "band": "F770W", "in_dir": "in"} | options))
    except ConfigError as error:
        return error.problems
    return []


def test_little_is_needed():
    assert problems() == []


@pytest.mark.parametrize("name", ["target", "band", "in_dir"])
@pytest.mark.parametrize("value", [None, "", "???"])
def test_what_is_missing(name, value):
    (problem,) = problems(**{name: value})
    assert problem.startswith(f"{name}: not given")
    assert f"write {name}=" in problem


@pytest.mark.parametrize("name", ["sky_levels", "mosaic_like", "mosaic_center", "bgr_background_name"])
def test_what_an_option_of_a_group_leaves_to_the_user(name):
    assert any(problem.startswith(f"{name}: not given") for problem in problems(**{name: "required"}))


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"bgr_background_name": False, "bgr_check_type": "check_in_name"}, "an unquoted off, no or false as False"),
        ({"target": True}, "an unquoted on, yes or true as True"),
        ({"dr_version": 1}, "YAML reads 001 as 1"),
        ({"target": 1.5}, "a text is needed"),
        ({"bgr_background_name": ["a", 1], "bgr_check_type": "filename"}, "YAML reads 001 as 1"),
        ({"exclude": [12]}, "exclude=12"),
        ({"in_dir": {"a": 1}}, "in_dir={'a': 1}: a text is needed"),
    ],
)
def test_traps_of_yaml(option, said):
    assert any(said in problem for problem in problems(**option))


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"bgr_check_type": "check_in_nmae"}, "did you mean check_in_name?"),
        ({"memory": "lots"}, "allowed are auto, in_memory, lean"),
        ({"skymatch_group_dithers": ["nircam"]}, "allowed are miri, nircam_short, nircam_long, niriss"),
        ({"tweakreg_group_dithers": "miri,nircam"}, "tweakreg_group_dithers=miri,nircam"),
        ({"plan_format": "yaml"}, "allowed are table, json"),
        ({"presets": {"speeds": {"resample": {}}}}, "presets.speeds: allowed are parameters, speed, sky, mosaic"),
    ],
)
def test_an_unknown_choice_lists_those_that_there_are(option, said):
    (problem,) = problems(**option)
    assert said in problem


@pytest.mark.parametrize(
    "option",
    [
        {"procs": 0},
        {"procs": "many"},
        {"procs": True},
        {"procs": 1.5},
        {"blot_fillval": "inf"},
        {"blot_fillval": True},
        {"do_blot": "maybe"},
        {"do_blot": None},
        {"offline": "no"},
        {"max_mosaic_megapixels": 0},
        {"max_mosaic_megapixels": "2000"},
        {"mosaic_center": [24.0]},
        {"mosaic_center": [24.0, 91.0]},
        {"mosaic_center": [361.0, 0]},
        {"mosaic_center": "24 15"},
        {"mosaic_shape": [100, 0], "mosaic_center": [24, 15]},
        {"mosaic_shape": [100.5, 100], "mosaic_center": [24, 15]},
        {"mosaic_shape": [100, 100]},
        {"mosaic_pixel_scale": -0.1},
        {"mosaic_rotation": "north"},
        {"mosaic_rotation": float("nan")},
        {"jwst_parameters": ["tweakreg"]},
        {"presets": {"sky": "match"}},
        {"sky_order": 2, "sky_method": "solution"},
        {"sky_order": True, "sky_method": "solution"},
        {"sky_anchor": "", "sky_method": "solution"},
        {"sky_anchor": 0, "sky_method": "solution"},
        {"target": "../ngc0628"},
        {"target": ".."},
        {"dr_version": "v1/2"},
        {"target": "ngc1365", "targets": ["ngc0628", "ngc1566"]},
    ],
)
def test_values_that_cannot_be(option):
    (problem,) = problems(**option)
    assert next(iter(option)).split("_")[0] in problem


@pytest.mark.parametrize(
    "option",
    [
        {"procs": 8},
        {"blot_fillval": "nan"},
        {"blot_fillval": -1.5},
        {"offline": True},
        {"mosaic_center": [24.0, 15.5], "mosaic_shape": [100, 200], "mosaic_pixel_scale": 0.06, "mosaic_rotation": -30},
        {"bgr_check_type": "filename", "bgr_background_name": ["jw01", "jw02"]},
        {"exclude": "jw01"},
        {"targets": ["ngc0628"]},
        {"band": "f200w_NIRISS"},
        {"sky_method": "solution", "sky_order": 1, "sky_anchor": "other_i2d.fits"},
        {"jwst_parameters": {"tweakreg": {"skip": True}}},
    ],
)
def test_values_that_can_be(option):
    assert problems(**option) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"tweakreg_group_dithers": ["miri"], "tweakreg_degroup_dithers": ["miri"]}, "cannot be grouped and separate"),
        ({"skymatch_group_dithers": ["miri"], "skymatch_degroup_dithers": ["miri"]}, "both name miri"),
        ({"bgr_check_type": "check_in_name", "bgr_background_name": ["a", "b"]}, "takes one name"),
        ({"bgr_check_type": "filename", "bgr_background_name": ""}, "an empty text is in every name"),
        ({"bgr_check_type": "filename", "bgr_background_name": []}, "an empty text is in every name"),
        ({"bgr_check_type": "check_in_name", "bgr_background_name": None}, "an empty text is in every name"),
        ({"bgr_check_type": "header", "bgr_background_name": "sky"}, "bgr_check_type=header looks at no name"),
        ({"bgr_background_name": ["a"]}, "bgr_check_type=parallel_off looks at no name"),
        ({"mosaic_like": "x_i2d.fits", "mosaic_rotation": 0.0}, "take out mosaic_rotation"),
        ({"sky_levels": "x.csv", "sky_method": "solution"}, "asked for in another way too"),
        ({"sky_method": "solution", "presets": {"sky": {"skymatch": {"skip": True}}}}, "asked for in another way too"),
        ({"sky_order": 1}, "sky_order=1: is for sky=solution"),
        ({"sky_anchor": "mean"}, "sky_anchor=mean: is for sky=solution"),
        ({"sky_levels": "x.csv", "presets": {"sky": {"skymatch": {"skip": True}}}}, "is for sky=user_levels"),
    ],
)
def test_contradictions(options, said):
    (problem,) = problems(**options)
    assert said in problem


def test_all_problems_come_at_once():
    assert len(problems(target=None, band="F771W", procs=0, memory="lots")) == 4


def test_one_name_is_a_list_of_one():
    config = Lv3Config(exclude="a", targets="b")
    assert (config.exclude, config.targets) == (["a"], ["b"])
    assert (Lv3Config(exclude=None).exclude, Lv3Config(mosaic_center=[]).mosaic_center) == ([], None)


@pytest.mark.parametrize("step", ["tweakreg", "skymatch"])
@pytest.mark.parametrize("how", ["group", "degroup"])
def test_one_channel_is_a_list_of_one(step, how):
    key = f"{step}_{how}_dithers"
    one, several = (Lv3Config(**{key: value}) for value in ("miri", ["miri"]))
    assert one == several
    assert getattr(getattr(one, f"{step}_rules"), f"{how}_dithers") == {Channel.MIRI}


@pytest.mark.parametrize("name", ["exclude", "targets", "bands", "tweakreg_group_dithers"])
@pytest.mark.parametrize("value", [5, True, {"a": 1}, [["a"]], "required"])
def test_what_is_no_name_is_refused_as_an_entry(name, value):
    assert any(problem.startswith(f"{name}") for problem in problems(**{name: value}))


@pytest.mark.parametrize("crds", ["synthetic", {"mode": "synthetic"}])
def test_reference_files_by_the_name_of_a_mode_or_a_table(crds):
    assert Lv3Config(crds=crds).crds == CrdsOptions("synthetic", SYNTHETIC_CONTEXT)


def test_the_context_is_that_of_the_installed_jwst_where_none_is_given():
    assert Lv3Config(crds={"mode": "server", "path": "x"}).crds == CrdsOptions("server", CONTEXT, "x")


@pytest.mark.parametrize(
    ("crds", "said"),
    [
        ({"mod": "pinned"}, "crds.mod: no such key; did you mean mode?"),
        (None, "crds=None: a table with mode, context, path, check_manifest is needed"),
        (["pinned"], "crds=['pinned']: a table"),
    ],
)
def test_reference_files_that_are_no_table(crds, said):
    (problem,) = problems(crds=crds)
    assert said in problem


def test_unknown_keys_name_the_nearest():
    assert unknown_keys(["targt", "xyz", "band"]) == [
        "targt: no such key; did you mean target?",
        "xyz: no such key",
    ]


def test_presets_are_in_the_order_of_their_weight():
    config = Lv3Config(presets={group: {"resample": {}} for group in sorted(PRESETS, reverse=True)})
    assert [group for group, _ in config.ordered_presets] == list(PRESETS)


@pytest.mark.parametrize(
    ("given", "band"), [("f770w", "F770W"), ("f200w_NIRISS", "F200W_niriss"), ("no_band", "no_band"), ("???", "???")]
)
def test_a_band_is_one_band_however_it_is_spelled(given, band):
    assert Lv3Config(target="a", band=given, in_dir="in").band == band


def test_the_spare_of_f2550w_is_a_band():
    assert find_bands("f2550wr")[0].fwhm == find_bands("F2550W")[0].fwhm


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"alignment": "from_run"}, "align_from=None: names no run to follow"),
        ({"align_from": "out/a/F300M"}, "alignment=tweakreg ignores it"),
        ({"alignment": "from_run", "align_from": "out/a/F300M"}, None),
        ({"alignment": "scamp"}, "alignment"),
        ({"search_displaced": -1}, "a number from 0 to 60 is needed"),
        ({"search_displaced": 0}, None),
    ],
)
def test_how_exposures_are_aligned(options, said):
    found = problems(**options)
    assert any(said in problem for problem in found) if said else found == []


def test_the_run_that_others_follow_is_solved():
    follow = {"target": "a", "band": "F770W", "in_dir": "in", "alignment": "from_run", "align_from": "out/a/F300M"}
    assert Lv3Config(**follow).aligned_by == "from_run"
    assert Lv3Config(**follow | {"band": "F300M"}).aligned_by == "solution"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"tile_size": 63}, "tile_size=63: a whole number from 64 on"),
        ({"tile_size": 100, "tile_overlap": 100}, "tile_overlap=100: a whole number from 0 to less than tile_size=100"),
        ({"tile_size": 100, "tile_overlap": -1}, "tile_overlap=-1:"),
        ({"tile_overlap": 20}, "tile_overlap=20: is for a mosaic in tiles: choose mosaic=tiles"),
        ({"tiles": ["r00c00"]}, "tiles=['r00c00']: is for a mosaic in tiles"),
        ({"tile_size": 100, "tiles": ["r1c1"]}, "'r1c1': a tile is named by row and column"),
        ({"tile_size": 100, "do_drizzle": True}, "do_drizzle=true: is made of one mosaic"),
        ({"tile_size": 100, "do_blot": True}, "do_blot=true: is made of one mosaic"),
    ],
)
def test_tiles_that_cannot_be_made(options, said):
    (problem,) = problems(**options)
    assert said in problem


def test_tiles_that_can_be_made():
    assert problems(tile_size=64, tile_overlap=63, tiles=["r00c00", "r100c07"], mosaic_rotation=0.0) == []
