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


@pytest.mark.parametrize(
    "word",
    ["in_dir=a=b=c,d", "in_dir=[a", "x={a:", "target='a", "band=F770W", "~crds", "band=choice(F770W,F1000W)", "-x"],
)
def test_all_else_stays_for_hydra(word):
    assert readable(word) == word
