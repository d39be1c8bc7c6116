"""Words of the command line as people write them."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from app.config.hydra_internals import parse_arguments
from app.config.words import readable


@pytest.mark.parametrize(
    "value",
    [
        "~/data",
        "\u03b1 Cen",
        "Barnard's star",
        "data/jw0[12]*",
        "WASP-39b (2)",
        "MACS J0416.1-2403",
        "a!b",
        "C:\\data",
        "über",
    ],
)
def test_what_the_grammar_has_no_place_for_is_a_text(value):
    (word,) = parse_arguments([f"target={value}"]).overrides
    parsed = OverridesParser.create().parse_override(word).value()
    assert getattr(parsed, "text", parsed) == value


def test_each_of_several_values_is_quoted_by_itself():
    parsed = OverridesParser.create().parse_override(readable("target=\u03b1 Cen,ngc0628,M 31"))
    assert [getattr(value, "text", value) for value in parsed.value().list] == ["\u03b1 Cen", "ngc0628", "M 31"]


def test_each_of_a_list_is_quoted_by_itself():
    (word,) = parse_arguments(["in_dir=[~/a,data/b,\u03b1 Cen]"]).overrides
    assert OverridesParser.create().parse_override(word).value() == ["~/a", "data/b", "\u03b1 Cen"]


def test_help_takes_the_key_as_it_is():
    assert parse_arguments(["action=help", "sky"]).overrides == ["action=help", "key=sky"]
    assert parse_arguments(["action=help", "key=sky"]).overrides == ["action=help", "key=sky"]
    assert parse_arguments(["action=plan", "sky"]).overrides == ["action=plan", "sky"]


@pytest.mark.parametrize(
    "word",
    ["in_dir=a=b=c,d", "in_dir=[a", "x={a:", "target='a", "band=F770W", "~crds", "band=choice(F770W,F1000W)", "-x"],
)
def test_all_else_stays_for_hydra(word):
    assert readable(word) == word
