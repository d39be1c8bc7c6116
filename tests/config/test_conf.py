"""Every file in conf/ composes, is sound, is explained, and asks jwst for nothing that it does not know."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore

from app.config.composition import to_config
from app.config.folders import CONF
from app.config.validation import check
from app.observation.bands import BANDS, find_bands
from app.plan.parameters import check_parameters, effective, layers
from app.runtime.errors import ConfigError

GROUPS = [
    *("errors", "recipe"),
    *("tweakreg_grouping", "skymatch_grouping", "background", "postprocess", "crds"),
    *("parameters", "speed", "sky", "outliers", "mosaic", "alignment"),
]
OPTIONS = [(group, path.stem) for group in GROUPS for path in sorted(Path(CONF, group).glob("*.yaml"))]
# What a user gives with an option that needs it.
GIVEN = {
    "mosaic=like": ["mosaic_like=x_i2d.fits"],
    "mosaic=explicit": ["mosaic_center=[24.1,15.7]", "mosaic_shape=[400,300]", "mosaic_pixel_scale=0.06"],
    "sky=user_levels": ["sky_levels=levels.csv"],
    "alignment=from_run": ["align_from=out/ngc0628/F300M"],
    "background=filename": ["bgr_background_name=[jw01,jw02]"],
}


def composed(*overrides):
    """The configuration of a command line; the schema is what `app.__main__` stores."""
    assert "schema.yaml" in ConfigStore.instance().repo
    with initialize_config_dir(str(Path(CONF).resolve()), version_base="1.3"):
        found = compose("config", [*overrides, "target=ngc0628", "in_dir=in"])
    return to_config(found)


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_every_option_composes_and_is_sound(group, option):
    chosen = f"{group}=[{option}]" if group.endswith("grouping") else f"{group}={option}"
    config = composed("band=F770W", chosen, *GIVEN.get(f"{group}={option}", []))
    check(config)
    band = find_bands("F770W")[0]
    check_parameters(config, band, layers(config, band))


@pytest.mark.parametrize("option", GIVEN)
def test_an_option_asks_for_what_it_needs(option):
    with pytest.raises(ConfigError, match="not given"):
        check(composed("band=F770W", option))


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_every_option_is_explained(group, option):
    lines = Path(CONF, group, f"{option}.yaml").read_text().splitlines()
    comments = [line for line in lines if line.startswith("#") and "@package" not in line]
    assert len(" ".join(comments)) > 5


def test_no_group_is_without_a_test():
    others = {"survey", "hydra"}
    assert {path.name for path in Path(CONF).iterdir() if path.is_dir()} - others == set(GROUPS)


def test_all_options_that_were_promised():
    promised = {
        "tweakreg_grouping": "default group_dithers degroup_dithers degroup_modules degroup_short_chips visit detector",
        "alignment": "tweakreg solution from_run none",
        "skymatch_grouping": "default group_dithers degroup_dithers",
        "background": "parallel_off header check_in_name filename like_science",
        "postprocess": "none drizzle blot drizzle_and_blot",
        "sky": "match global_match local user_levels already_matched solution",
        "outliers": "observatory spare_stars",
        "errors": "observatory rescaled",
        "recipe": "observatory survey phangs",
        "parameters": "observatory phangs",
        "mosaic": "auto north_up like explicit",
    }
    for group, names in promised.items():
        assert {option for g, option in OPTIONS if g == group} >= set(names.split()), group


@pytest.mark.parametrize("band", [f"{band.name}_{band.instrument}" for band in BANDS])
def test_phangs_holds_in_every_band(band):
    config = composed(f"band={band}", "parameters=phangs")
    found = find_bands(band)[0]
    check_parameters(config, found, layers(config, found))


def test_phangs_chooses_by_channel_and_band():
    values = {}
    for band in ("F200W_nircam", "F335M", "F770W", "F560W"):
        config = composed(f"band={band}", "parameters=phangs")
        parameters = effective(layers(config, find_bands(band)[0]))
        values[band] = [parameters.of("tweakreg", name) for name in ("brightest", "skip", "separation", "peakmax")]
    assert values == {
        "F200W_nircam": [125, False, 2.0, 20.0],
        "F335M": [500, False, 2.0, 20.0],
        "F770W": [500, True, 1.0, None],
        "F560W": [500, False, 1.0, None],
    }


def test_sky_wins_over_parameters():
    config = composed("band=F770W", "parameters=phangs", "sky=global_match")
    assert effective(layers(config, find_bands("F770W")[0])).of("skymatch", "skymethod") == "global+match"


def test_groupings_combine():
    config = composed("band=F200W_nircam", "tweakreg_grouping=[group_dithers,degroup_modules]")
    rules = config.tweakreg_rules
    assert rules.group_dithers
    assert rules.degroup_modules


def test_a_recipe_is_a_choice_of_options_that_the_command_line_can_overrule():
    survey = composed("band=F770W", "recipe=survey")
    assert (survey.sky_method, survey.outliers, survey.errors) == ("solution", "spare_stars", "rescaled")
    assert survey.mosaic_rotation == 0
    assert composed("band=F770W", "recipe=survey", "outliers=observatory").outliers == "observatory"
    phangs = composed("band=F770W", "recipe=phangs")
    assert phangs.presets == composed("band=F770W", "survey=phangs", "data=x").presets
    assert composed("band=F770W", "recipe=observatory") == composed("band=F770W")
