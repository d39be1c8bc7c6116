"""Where parameters come from, which one wins, and what is refused."""

import json

import pytest

from app.config.schema import Lv3Config
from app.crds.cache.synthetic import PARAMETERS
from app.observation.bands import find_bands
from app.plan.association import association, write_association
from app.plan.parameters import Layer, check_parameters, crds_layers, effective, layers, merged
from app.plan.plan import make_plan
from app.runtime.errors import ConfigError


def config(**options):
    return Lv3Config(**{"target": "ngc0628", "band": "F770W", "in_dir": "in"} | options)


def chosen(band="F770W", crds=(), **options):
    return layers(config(band=band, **options), find_bands(band)[0], crds)


CRDS = Layer("crds x.asdf", {"tweakreg": {"kernel_fwhm": 2.5, "snr_threshold": 7.0, "minobj": 6}})


def test_the_later_layer_wins_and_the_origin_is_known():
    found = effective(
        chosen(
            crds=[CRDS],
            presets={"sky": {"skymatch": {"skymethod": "local"}}, "parameters": {"tweakreg": {"minobj": 8}}},
            jwst_parameters={"tweakreg": {"searchrad": "2pix"}},
        )
    )
    tweakreg = {name: (found.of("tweakreg", name), found["tweakreg"][name].origin) for name in found["tweakreg"]}
    assert tweakreg["tolerance"] == (0.7, "default")
    assert tweakreg["snr_threshold"] == (7.0, "crds x.asdf")
    assert tweakreg["kernel_fwhm"] == (2.445, "band")
    assert tweakreg["minobj"] == (8, "preset parameters")
    assert tweakreg["searchrad"] == (0.22, "user")
    assert found.origins["skymatch"] == {"skymethod": "preset sky"}


def test_config_groups_win_in_their_order_not_in_that_of_the_table():
    presets = {"sky": {"skymatch": {"skymethod": "local"}}, "parameters": {"skymatch": {"skymethod": "global"}}}
    assert merged(chosen(presets=presets))["skymatch"]["skymethod"] == "local"


def test_for_niriss_the_widths_of_crds_win_over_diffraction():
    band = find_bands("F200W_niriss")[0]
    assert effective(chosen("F200W_niriss", [CRDS])).of("tweakreg", "kernel_fwhm") == 2.5
    assert effective(chosen("F200W_niriss")).of("tweakreg", "kernel_fwhm") == band.fwhm


def test_values_have_the_type_of_the_specification():
    found = effective(chosen(jwst_parameters={"tweakreg": {"snr_threshold": "5", "minobj": 3}, "in_memory": "false"}))
    assert found.of("tweakreg", "snr_threshold") == 5.0
    assert found.of("pipeline", "in_memory") is False


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"tweakreg": {"snr_treshold": 3}}, "tweakreg.snr_treshold: no such parameter; did you mean snr_threshold?"),
        ({"tweakreg": {"snr_threshold": "high"}}, "'high': the value \"high\" is of the wrong type. Allowed: float"),
        ({"tweakreg": {"fitgeometry": "nonsense"}}, "Allowed: one of shift, rshift, rscale, general"),
        ({"resample": {"pixfrac": 1.5}}, "too big. Allowed: float min 0.0 max 1.0"),
        ({"resample": {"pixfrac": None}}, "a value is needed"),
        ({"resample": {"output_dir": "/tmp"}}, "output_dir: the program decides this itself"),
        ({"save_results": False}, "save_results: the program decides this itself"),
        ({"tweakrge": 3}, "tweakrge: no such parameter; did you mean tweakreg?"),
        ({"tweakreg": 3}, "tweakreg: no such parameter"),
        ({"resample": {"pixel_scale": -0.1}}, "pixel_scale=-0.1: it is too small. Allowed: more than 0"),
        ({"outlier_detection": {"pixmap_stepsize": 0}}, "pixmap_stepsize=0.0: it is too small. Allowed: more than 0"),
        ({"tweakreg": {"searchrad": 0}}, "searchrad=0.0: it is too small. Allowed: more than 0"),
        ({"resample": {"fillval": "empty"}}, "fillval='empty': it cannot be read. Allowed: a number, NAN or INDEF"),
        ({"outlier_detection": {"snr": "5.0"}}, "snr='5.0': it cannot be read. Allowed: two numbers"),
        ({"outlier_detection": {"scale": "1.2, 0.7"}}, "scale='1.2, 0.7': it cannot be read. Allowed: two numbers"),
        ({"outlier_detection": {"good_bits": "~BAD"}}, "good_bits='~BAD': it cannot be read. Allowed: names of flags"),
        ({"skymatch": {"dqbits": "DO_NOT_USE+?"}}, "dqbits='DO_NOT_USE+?': it cannot be read. Allowed: names of flags"),
        ({"tweakreg": {"minobj": {"nircam_shrot": 3}}}, "did you mean nircam_short?"),
    ],
)
def test_what_is_refused(table, message):
    wrong = config(jwst_parameters=table)
    band = find_bands("F770W")[0]
    with pytest.raises(ConfigError) as error:
        check_parameters(wrong, band, layers(wrong, band))
    (problem,) = error.value.problems
    assert problem.startswith("jwst_parameters.")
    assert message in problem


@pytest.mark.parametrize(
    ("step", "name", "value"),
    [
        *(("resample", "fillval", text) for text in ("NAN", "indef", "", " nan ", "-99", "0")),
        *(("outlier_detection", "snr", text) for text in ("5.0 4.0", "6  5")),
        *(("outlier_detection", "good_bits", text) for text in ("~DO_NOT_USE", "JUMP_DET, SATURATED", "4", "~1,4")),
        ("skymatch", "dqbits", "~DO_NOT_USE+NON_SCIENCE"),
        ("resample", "pixel_scale", None),
    ],
)
def test_values_that_the_steps_can_read_are_taken(step, name, value):
    assert effective(chosen(jwst_parameters={step: {name: value}})).of(step, name) == value


def test_all_that_is_refused_comes_at_once_and_says_which_layer():
    wrong = config(
        jwst_parameters={"tweakreg": {"minobj": "x", "nircam_shrot": {"minobj": 1}}},
        presets={"speed": {"resample": {"pixmap_ordr": 3}}},
    )
    band = find_bands("F770W")[0]
    with pytest.raises(ConfigError) as error:
        check_parameters(wrong, band, layers(wrong, band))
    assert len(error.value.problems) == 3
    assert "jwst_parameters.resample.pixmap_ordr (preset speed): no such" in str(error.value)


def test_what_is_refused_does_not_count():
    assert effective(chosen(jwst_parameters={"tweakreg": {"minobj": "x"}})).of("tweakreg", "minobj") == 15


def test_the_keys_of_the_mosaic_become_parameters_of_resample():
    found = effective(chosen(mosaic_center=[24.0, 15.5], mosaic_shape=[400, 301], mosaic_pixel_scale=0.06))
    assert found.of("resample", "crval") == [24.0, 15.5]
    assert found.of("resample", "crpix") == [199.5, 150.0]
    assert found.of("resample", "output_shape") == [400, 301]
    assert found.of("resample", "pixel_scale") == 0.06
    assert found["resample"]["crval"].origin == "preset mosaic"
    assert effective(chosen(mosaic_rotation=0)).of("resample", "rotation") == 0.0


def test_the_user_wins_over_the_keys_of_the_mosaic():
    found = effective(chosen(mosaic_rotation=0, jwst_parameters={"resample": {"rotation": 30}}))
    assert found.of("resample", "rotation") == 30.0


@pytest.fixture
def plan(miri, crds):
    return make_plan(config(in_dir=str(miri.folder), crds=crds))


def test_crds_layers_are_what_stpipe_itself_gets(plan, tmp_path):
    from jwst.pipeline import Image3Pipeline

    path = write_association(association(plan.members, plan.product, "ngc0628"), tmp_path / "asn.json")
    theirs = Image3Pipeline.get_config_from_reference(str(path)).dict()
    ours = merged(crds_layers(plan.references.files))
    sections = {
        step: {k: v for k, v in table.items() if k not in ("class", "name")} for step, table in theirs["steps"].items()
    }
    assert ours == {step: table for step, table in sections.items() if table}
    assert ours["tweakreg"] == PARAMETERS["pars-tweakregstep"][1]


def test_a_run_has_the_parameters_that_were_planned(plan, tmp_path):
    """What stpipe makes of the layers is what the plan and the record say."""
    from app.pipeline.pipeline import make_pipeline
    from app.pipeline.run import context_of
    from app.pipeline.stamp import Stamp
    from app.record.record import Record

    notes = Record(tmp_path, plan.config)
    context = context_of(plan, Stamp("1", "v0", "none"), notes, tmp_path / "products", lambda: None)
    pipeline = make_pipeline(plan.layers, context)
    for step, table in pipeline.get_pars()["steps"].items():
        planned = {n: setting.value for n, setting in plan.parameters[step].items() if not n.startswith("override_")}
        assert planned == {name: table[name] for name in planned}, step
    assert json.dumps(plan.parameters.origins)
