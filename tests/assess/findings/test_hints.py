"""What is proposed: the cure for the cause, nothing that is set already, nothing of a step that is left out."""

from typing import Any

import pytest

from app.assess.findings import find_caveats
from tests.assess.findings.test_findings import AGREE, A, B, exposure, overlap

LOST = [exposure(name, moved=False, n_stars=72, n_matches=0) for name in "de"]
STAYED = [exposure("a", moved=False, n_stars=72), exposure("b", n_stars=70), *LOST]


def found(
    exposures: list[dict[str, Any]],
    overlaps: list[dict[str, Any]],
    config: dict[str, Any] | None = None,
    sources: dict[str, int] | None = None,
    ran: list[str] | None = None,
    **steps: dict[str, Any],
) -> dict[str, tuple[str, str]]:
    """Message and hint of each caveat by its code."""
    measurements = {
        "pixel_scale": 0.1, "exposures": exposures, "overlaps": overlaps,
        "mosaic": {"depth": 0.01, "unit": "MJy/sr"}, "catalogue": {"n_sources": 5},
    }  # fmt: skip
    record = {"measurements": measurements, "parameters": {"steps": steps}, "config": config or {}}
    record |= {"sources": sources or {}} | ({"steps": ran} if ran else {})
    return {caveat.code: (caveat.message, caveat.hint) for caveat in find_caveats(record)}


def test_numbers_come_first():
    message, _ = found(
        STAYED, [overlap("a", "b")], sources=dict(zip("abde", (75, 74, 81, 77), strict=True)), tweakreg={"minobj": 6}
    )["not_aligned"]
    assert "tweakreg found 77 to 81 sources in each (this program's own finder: 72), and needs 6 matches" in message
    assert "2 of them have no overlap, so no match, with the reference a." in message


def test_what_does_not_overlap_the_reference_is_reached_by_an_expanded_one():
    pairs = [overlap("a", "b"), overlap("b", "d"), overlap("d", "e")]
    _, hint = found(STAYED, pairs, tweakreg={"minobj": 6})["not_aligned"]
    assert hint.startswith("Choose alignment=solution, which aligns all by all overlaps")
    assert "jwst_parameters.tweakreg.expand_refcat=true" in hint
    assert "searchrad" not in hint
    _, hint = found(STAYED, pairs, tweakreg={"minobj": 6, "expand_refcat": True})["not_aligned"]
    assert "abs_refcat" in hint
    assert "expand_refcat" not in hint


def test_a_finder_that_misses_stars_is_named():
    pairs = [overlap(first, second) for first, second in ("ab", "ad", "ae")]
    sources = dict.fromkeys("ab", 20) | {"d": 2, "e": 5}
    tweakreg = {"minobj": 4, "kernel_fwhm": 2.5}
    message, hint = found(STAYED, pairs, sources=sources, tweakreg=tweakreg)["not_aligned"]
    assert "tweakreg found 2 to 5 sources in each (this program's own finder: 72)" in message
    assert "jwst_parameters.tweakreg.starfinder=segmentation" in hint
    assert "(it is 2.5 pixels)" in hint


def test_too_few_stars_in_common():
    pairs = [overlap(first, second) for first, second in ("ab", "ad", "ae")]
    _, hint = found(STAYED, pairs, sources=dict.fromkeys("abde", 70), tweakreg={"minobj": 60})["not_aligned"]
    assert "snr_threshold" in hint
    assert "group_dithers" in hint
    _, hint = found(STAYED, pairs, {"tweakreg_group_dithers": ["miri"]}, tweakreg={"minobj": 60})["not_aligned"]
    assert "group_dithers" not in hint


def test_a_solution_has_neither_a_reference_nor_a_least_number():
    pairs = [overlap("a", "b"), overlap("b", "d"), overlap("d", "e")]
    message, hint = found(
        STAYED, pairs, {"alignment": "solution"}, sources=dict.fromkeys("abde", 70), tweakreg={"minobj": 6}
    )["not_aligned"]
    assert "found 70 sources in each (this program's own finder: 72)." in message
    assert "snr_threshold" in hint
    assert not [word for word in ("minobj", "reference", "alignment=solution") if word in message + hint]


MODULES = [exposure(f"{m}{n}", module=m, detector=f"NRC{m.upper()}LONG") for m in "ab" for n in (1, 2)]
CHIPS = [exposure(f"{c}{n}", module="a", detector=f"NRCA{c}") for c in "12" for n in (1, 2)]
FAULTS = {
    "modules_disagree": (MODULES, [overlap("a1", "b2", (0.05, 0)), overlap("a2", "b1", (0.05, 0))]),
    "chips_disagree": (CHIPS, [overlap("11", "22", (0.05, 0)), overlap("12", "21", (0.05, 0))]),
    "offsets_left": ([A, B], [overlap("a", "b", (0.05, 0))]),
}
SET = {
    "modules_disagree": ("tweakreg_degroup_nircam_modules", True, "degroup_modules"),
    "chips_disagree": ("tweakreg_degroup_nircam_short_chips", True, "degroup_short_chips"),
}


@pytest.mark.parametrize("code", FAULTS)
def test_with_tweakreg_left_out_no_hint_speaks_of_it(code):
    assert "tweakreg" in found(*FAULTS[code])[code][1]
    assert "tweakreg" not in found(*FAULTS[code], tweakreg={"skip": True})[code][1]


@pytest.mark.parametrize("code", SET)
def test_groups_that_are_set_are_not_proposed(code):
    key, value, option = SET[code]
    assert option in found(*FAULTS[code])[code][1]
    assert option not in found(*FAULTS[code], {key: value})[code][1]


def test_dithers_that_are_aligned_as_one():
    assert (
        "tweakreg_grouping=default"
        in found(*FAULTS["offsets_left"], {"tweakreg_group_dithers": ["miri"]})["offsets_left"][1]
    )


def test_a_step_of_the_sky_under_each_setting():
    def hint(config: dict[str, Any], method: str) -> str:
        return found([A, B], [overlap("a", "b", sky=0.02)], config, skymatch={"skymethod": method})["sky_steps"][1]

    degrouped = {"skymatch_degroup_dithers": ["miri"]}
    assert "degroup_dithers" in hint({}, "match")
    assert "skymatch_grouping=default" in hint({"skymatch_group_dithers": ["miri"]}, "match")
    assert "degroup_dithers" not in hint(degrouped, "match")
    assert "global+match" not in hint({}, "global+match")
    assert "sky=solution" in hint(degrouped, "global+match")
    assert "sky=user_levels" in hint(degrouped | {"sky_method": "solution"}, "global+match")


@pytest.mark.parametrize(("step", "said"), [("tweakreg", "Look at alignment"), ("assign_mtwcs", "leaves behind")])
def test_outliers_of_a_moving_target_are_its_stars(step, said):
    assert said in found([A, exposure("b", flagged=0.2)], AGREE[:1], ran=[step])["many_flagged"][1]


def test_nothing_is_said_of_stars_where_the_target_moves():
    far = exposure("b", shift=[3.0, 0.0], n_matches=0)
    assert set(found([A, far], AGREE[:1])) == {"few_matches", "large_shift"}
    assert found([A, far], AGREE[:1], ran=["assign_mtwcs"]) == {}


def test_a_band_that_follows_another_is_not_told_to_or_to_find_more_stars():
    apart = (
        [exposure(n, n_matches=0) for n in "ab"],
        [overlap("a", "b") | {"offset": None, "n_first": 2, "n_second": 2}],
    )
    assert "choose alignment=from_run" in found(*apart)["not_verified"][1]
    followed = found(*apart, {"alignment": "from_run"})
    assert set(found(*apart)) - set(followed) == {"few_matches"}
    assert "align_from" in followed["not_verified"][1]
