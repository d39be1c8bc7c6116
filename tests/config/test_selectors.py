"""Which of several values holds for a target and band, and which selectors can never match."""

import pytest

from app.config.selectors import Selection, choose, selector_problems
from app.observation.bands import find_bands

NAMES = {"tweakreg": {"snr_threshold": None, "minobj": None, "skip": None}, "resample": {"skip": None}, "skip": None}


def select(band="F200W_nircam", target="ngc0628", targets=()):
    return Selection(target, find_bands(band)[0], targets)


def chosen(value, **selection):
    """What a value of tweakreg.minobj comes to; None where nothing is set."""
    return choose({"tweakreg": {"minobj": value}}, select(**selection), NAMES)["tweakreg"].get("minobj")


SPECIAL_TO_GENERAL = ["ngc0628", "F200W_nircam", "F200W", "nircam_short", "nircam"]


@pytest.mark.parametrize("first", range(len(SPECIAL_TO_GENERAL)))
def test_the_most_special_selector_wins_whatever_the_order(first):
    table = {name: SPECIAL_TO_GENERAL.index(name) for name in reversed(SPECIAL_TO_GENERAL[first:])}
    assert chosen(table) == first


@pytest.mark.parametrize(
    ("band", "fits"),
    [("F200W_nircam", "nircam_short"), ("F300M", "nircam_long"), ("F770W", "miri"), ("F200W_niriss", "niriss")],
)
def test_channels(band, fits):
    table = {name: name for name in ("nircam_short", "nircam_long", "miri", "niriss")}
    assert chosen(table, band=band) == fits


def test_where_nothing_fits_nothing_is_set():
    assert chosen({"miri": 3}) is None
    assert choose({"tweakreg": {"miri": {"minobj": 3}}}, select(), NAMES) == {"tweakreg": {}}
    assert choose({"ngc1365": {"tweakreg": {"minobj": 3}}}, select(), NAMES) == {}


def test_selectors_within_selectors_fall_back_to_the_next_that_fits():
    assert chosen({"ngc0628": {"miri": 1, "nircam": 2}, "nircam": 3}) == 2
    assert chosen({"ngc0628": {"miri": 1}, "nircam": 3}) == 3


def test_a_step_keyed_by_target_wins_parameter_by_parameter():
    table = {"tweakreg": {"minobj": 1, "skip": False, "nircam": {"minobj": 2}, "NGC0628": {"skip": True}}}
    assert choose(table, select(), NAMES) == {"tweakreg": {"minobj": 2, "skip": True}}


def test_selectors_above_the_steps():
    table = {"tweakreg": {"minobj": 1, "skip": True}, "F200W": {"tweakreg": {"minobj": 2}, "skip": True}}
    assert choose(table, select(), NAMES) == {"tweakreg": {"minobj": 2, "skip": True}, "skip": True}


@pytest.mark.parametrize(("text", "arcsec"), [("2pix", 0.22), (" 0.5 pix ", 0.055), ({"miri": "1pix"}, 0.11)])
def test_lengths_in_pixels(text, arcsec):
    assert chosen(text, band="F770W") == pytest.approx(arcsec)


def test_other_texts_are_no_lengths():
    assert [chosen(text) for text in ("pix", "2", "2 pixels of", "exptime")] == ["pix", "2", "2 pixels of", "exptime"]


def test_the_given_table_is_not_changed():
    table = {"tweakreg": {"minobj": {"nircam": [1, 2]}}}
    choose(table, select(), NAMES)["tweakreg"]["minobj"].append(3)
    assert table == {"tweakreg": {"minobj": {"nircam": [1, 2]}}}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            {"tweakreg": {"minobj": {"nircam_shrot": 3}}},
            "tweakreg.minobj.nircam_shrot: matches nothing; did you mean nirc",
        ),
        ({"tweakreg": {"minobj": {"F77W": 3}}}, "did you mean f770w"),
        ({"tweakreg": {"minobj": {"F123W": 3}}}, "F123W: no instrument has this band"),
        ({"tweakreg": {"minobj": {"F9999W": 3}}}, "F9999W: no instrument has this band"),
        ({"tweakreg": {"minobj": {"F770W_nircam": 3}}}, "did you mean"),
        ({"tweakreg": {"nircam_shrot": {"minobj": 3}}}, "tweakreg.nircam_shrot: matches nothing"),
        ({"tweakrge": {"minobj": 3}}, "did you mean tweakreg"),
        ({"tweakreg": {"nircam": 3}}, "a table of parameters is needed under a selector"),
        ({"tweakreg": {"minobj": {"ngc1365": {"mirri": 3}}}}, "ngc1365.mirri: matches nothing"),
        ({"tweakreg": {"minobj": {False: 3}}}, "quote it"),
    ],
)
def test_what_can_never_match(table, message):
    (problem,) = selector_problems(table, select(), NAMES)
    assert message in problem


def test_other_targets_are_legal_unless_the_survey_says_which_there_are():
    table = {"tweakreg": {"minobj": {"ngc1365": 3, "ngc0628": 4}, "ngc1566": {"skip": True}}}
    assert list(selector_problems(table, select(), NAMES)) == []
    survey = select(targets=("ngc0628", "ngc1566"))
    (problem,) = selector_problems(table, survey, NAMES)
    assert "minobj.ngc1365: is no target, band, channel or instrument; targets are ngc0628, ngc1566" in problem
