"""One form for each type: what is written in several ways is the same afterwards; what has no such form is refused."""

from dataclasses import fields
from pathlib import Path

import pytest

from app.config.composition import to_config
from app.config.forms import formed, in_words, misfits
from app.config.schema import Lv3Config
from app.runtime.errors import ConfigError
from tests.sweep.sweeps import make_composer

GOOD = {"target": "ngc0628", "band": "F770W", "in_dir": "in"}


@pytest.mark.parametrize(
    ("key", "given", "form"),
    [
        ("in_dir", Path("/data"), ["/data"]),
        ("in_dir", ["~/a", Path("b/*")], [str(Path.home() / "a"), "b/*"]),
        ("out_dir", "~/out", str(Path.home() / "out")),
        ("exclude", Path("a_cal.fits"), ["a_cal.fits"]),
        ("exclude", ("a", "b"), ["a", "b"]),
        ("bgr_background_name", "off", ["off"]),
        ("mosaic_center", (24, 15.5), [24.0, 15.5]),
        ("mosaic_shape", [], None),
        ("mosaic_rotation", 0, 0.0),
        ("max_mosaic_megapixels", 500, 500.0),
        ("blot_fillval", -99, "-99.0"),
        ("blot_fillval", "NaN", "nan"),
        ("target", None, "???"),
    ],
)
def test_what_is_written_in_several_ways_has_one_form(key, given, form):
    found = getattr(Lv3Config(**GOOD | {key: given}), key)
    assert (found, type(found)) == (form, type(form))
    assert getattr(Lv3Config(**GOOD | {key: found}), key) == found


@pytest.mark.parametrize(
    ("value", "kind", "problems"),
    [
        (None, int | None, []),
        (10**400, float, ["a number is needed"]),
        (float("nan"), float, ["a number is needed"]),
        (True, int, ["a whole number is needed"]),
        (1, bool, ["true or false is needed"]),
        ([1, "a", 2.5], list[str], ["YAML reads 001 as 1", "YAML reads 001 as 1"]),
        ("x", dict[str, object], ["a table is needed"]),
    ],
)
def test_what_has_no_such_form_is_refused(value, kind, problems):
    found = list(misfits("key", formed(value, kind), kind))
    assert len(found) == len(problems)
    assert all(said in problem for said, problem in zip(problems, found, strict=True))


def test_every_key_has_a_type_with_a_name():
    table = {item.name for item in fields(Lv3Config) if in_words(item.type).startswith("table")}
    assert table == {"jwst_parameters", "presets", "crds", "observations"}


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("dr_version=1", "dr_version=1: a text is needed"),
        ("crds.path=1", "crds.path=1: a text is needed"),
        ("crds.check_manifest=no", "crds.check_manifest='no': true or false is needed"),
        ("+crds.mod=server", "crds.mod: no such key; did you mean mode?"),
        ("do_blot=yes", None),
    ],
)
def test_hydra_converts_nothing_that_has_traps(word, said):
    key, _, value = word.partition("=")
    composer = make_composer(*(f"{k}={v}" for k, v in GOOD.items()), f"{key}={value}")
    problems = []
    try:
        to_config(composer.master)
    except ConfigError as error:
        problems = error.problems
    assert [said in problem for problem in problems] == [True] * bool(said)
