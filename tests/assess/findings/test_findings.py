"""The rules of the findings on made-up numbers: what is the reference, what is left out, what has no numbers."""

from typing import Any

import numpy as np
import pytest

from app.assess.findings import find_caveats
from app.assess.findings.facts import Facts
from app.assess.findings.solution import turned_groups


def exposure(name: str, *, moved: bool = True, **facts: Any) -> dict[str, Any]:
    return {
        "file": name, "group": name, "detector": "MIRIMAGE", "module": "", "moved": moved, "shift": [0.1, 0.0],
        "n_matches": 50, "flagged": 0.001, "flagged_in_cores": 0.001, "rotation": 0.0, "contribution": 0.99,
        "footprint": [[0, 0], [0, 0.02], [0.02, 0.02], [0.02, 0]],
    } | facts  # fmt: skip


def overlap(first: str, second: str, offset: tuple[float, float] = (0.0, 0.0), **facts: Any) -> dict[str, Any]:
    length = float(np.hypot(*offset))
    return {
        "first": first, "second": second, "n_stars": 50, "offset": list(offset), "sky": 0.0, "sky_error": 1e-4,
        "corner": length, "corner_error": 0.001, "n_first": 60, "n_second": 60, "displacement": None,
        "sky_before": 1.0,
    } | facts  # fmt: skip


NOISE = {"depth": 0.02, "noise": 0.01, "unit": "MJy/sr"}


def found(
    exposures: list[dict[str, Any]], overlaps: list[dict[str, Any]], mosaic: dict[str, Any] = NOISE, **parameters: Any
) -> dict[str, str]:
    """Caveats by code."""
    measurements = {
        "pixel_scale": 0.1, "exposures": exposures, "overlaps": overlaps,
        "mosaic": mosaic, "catalogue": {"n_sources": 5},
    }  # fmt: skip
    record = {"measurements": measurements, "parameters": {"steps": {"tweakreg": parameters}}}
    return {caveat.code: caveat.message for caveat in find_caveats(record)}


A, B, C = exposure("a", moved=False), exposure("b"), exposure("c")
AGREE = [overlap("a", "b"), overlap("a", "c"), overlap("b", "c")]


def test_the_reference_is_not_unaligned():
    assert found([A, B, C], AGREE) == {}


def test_with_an_absolute_catalogue_there_is_no_reference():
    assert "a." in found([A, B, C], AGREE, abs_refcat="GAIADR3")["not_aligned"]


def test_of_two_that_stayed_the_one_that_agrees_with_the_aligned_is_the_reference():
    lost = exposure("d", moved=False)
    message = found([A, B, lost], [overlap("a", "b"), overlap("b", "d", (0.5, 0.0))])["not_aligned"]
    assert message.startswith("1 of 3 exposures")
    assert ": d." in message


def test_an_offset_is_not_told_twice_where_the_exposure_is_unaligned():
    assert set(found([A, B, exposure("d", moved=False)], [overlap("a", "b"), overlap("b", "d", (0.5, 0.0))])) == {
        "not_aligned"
    }


@pytest.mark.parametrize("exposures", [[A], [A, exposure("e", moved=False, group="a")]])
def test_a_single_group_has_nothing_to_be_aligned_with(exposures):
    assert found(exposures, []) == {}


def test_alignment_that_was_left_out_is_judged_by_what_it_leaves():
    still = [exposure(name, moved=False) for name in "ab"]
    assert found(still, [overlap("a", "b")], skip=True) == {}
    assert set(found(still, [overlap("a", "b", (0.03, 0.0))], skip=True)) == {"offsets_left"}


def test_a_shift_is_large_against_the_search_radius_that_holds():
    far = exposure("b", shift=[0.0, 1.5])
    assert set(found([A, far], AGREE[:1], searchrad=2.0)) == {"large_shift"}
    assert found([A, far], AGREE[:1], searchrad=4.0) == {}


def test_modules_that_disagree_no_more_than_exposures_do_are_not_blamed():
    nircam = [exposure(f"{m}{n}", module=m, detector=f"NRC{m.upper()}LONG") for m in "ab" for n in (1, 2)]
    between = [overlap("a1", "b2", (0.05, 0)), overlap("a2", "b1", (0.05, 0))]
    good, bad = (overlap("a1", "a2", (length, 0)) for length in (0.001, 0.2))
    assert set(found(nircam, [*between, good])) == {"modules_disagree"}
    assert set(found(nircam, [*between, bad])) == {"offsets_left"}


def test_a_step_has_to_be_larger_than_the_noise_and_than_its_own_error():
    assert "sky_steps" in found([A, B], [overlap("a", "b", sky=0.02)])
    assert found([A, B], [overlap("a", "b", sky=0.005)]) == {}
    assert found([A, B], [overlap("a", "b", sky=0.02, sky_error=0.01)]) == {}


def test_flags_in_cores_count_only_against_those_elsewhere_and_with_enough_stars():
    cores = {"flagged_in_cores": 0.1}
    assert set(found([A, exposure("b", **cores)], AGREE[:1])) == {"star_cores_flagged"}
    assert found([A, exposure("b", flagged=0.04, **cores)], AGREE[:1]) == {}
    assert found([A, exposure("b", flagged=None, flagged_in_cores=None)], AGREE[:1]) == {}


def test_a_sentence_names_three_and_counts_the_rest():
    many = [exposure(name, flagged=0.2) for name in "bcdef"]
    assert found([A, *many], [])["many_flagged"].endswith("b (20.0%), c (20.0%), d (20.0%) and 2 more.")


def test_offsets_are_judged_at_the_worst_corner_as_far_as_it_is_known():
    turned = {"corner": 0.06, "corner_error": 0.003}
    assert (
        "0.060 arcsec (0.60 pixel) at the worst corner" in found([A, B], [overlap("a", "b", **turned)])["offsets_left"]
    )
    assert found([A, B], [overlap("a", "b", **turned | {"corner_error": 0.02})]) == {}


NONE: dict[str, Any] = {"offset": None, "corner": None, "corner_error": None}


def test_exposures_that_should_share_stars_and_do_not_are_told_with_the_distance():
    pairs = [*AGREE, overlap("a", "d") | NONE | {"displacement": [9.0, 2.345]}]
    message = found([A, B, C, exposure("d")], pairs)["no_shared_stars"]
    assert message.startswith("1 of 4 overlaps")
    assert message.endswith("a and d see the same stars 9.30 arcsec apart.")
    pairs = [*AGREE, overlap("a", "d") | NONE]
    assert "no shift brings their stars together" in found([A, B, C, exposure("d")], pairs)["no_shared_stars"]
    pairs = [*AGREE, overlap("a", "d", n_second=9) | NONE]
    assert set(found([A, B, C, exposure("d")], pairs)) == {"not_verified"}


VISIT = [exposure(f"jw01234001001_0210{n}_00001_mirimage_cal.fits") for n in (1, 2, 3)]


def test_a_group_that_turned_alone_is_told_unless_stars_confirm_it():
    one, two, three = VISIT
    turned = one | {"rotation": 0.16}
    message = found([turned, two, three], [])["turned_alone"]
    assert message.startswith("1 exposures")
    assert f"{one['file']} by +0.160 deg, 0.142 arcsec" in message  # half a diagonal of 72 arcsec
    few, many = ({"corner": 0.02, "corner_error": error} for error in (0.06, 0.005))
    assert set(found([turned, two, three], [overlap(one["file"], two["file"], **few)])) == {"turned_alone"}
    assert found([turned, two, three], [overlap(one["file"], two["file"], **many)]) == {}


def test_a_turn_is_as_small_on_both_sides_of_the_meridian():
    across = [[359.99, 0], [359.99, 0.02], [0.01, 0.02], [0.01, 0]]
    one, two, three = ({**e, "footprint": across} for e in VISIT)
    assert found([one | {"rotation": 1e-5}, two, three], []) == {}
    assert "0.142 arcsec" in found([one | {"rotation": 0.16}, two, three], [])["turned_alone"]


def test_groups_that_were_only_shifted_were_not_turned():
    """All others have the roll that the telescope was off by."""
    groups = [
        {"group": name, "tied": True, "shifted_only": name == "d", "n_stars": 1 if name == "d" else 50,
         "values": {"rotation": 0.0 if name == "d" else 0.05}, "errors": {"rotation": 1e-9}}
        for name in "abcd"
    ]  # fmt: skip
    record = {"measurements": {}, "parameters": {}, "alignment": {"geometry": "rshift", "groups": groups}}
    assert turned_groups(Facts(record)) is None
    groups[0]["values"]["rotation"] = 0.15
    assert "a (+0.100 deg)" in turned_groups(Facts(record))


def test_a_turn_that_a_whole_visit_made_is_none():
    assert found([e | {"rotation": 0.16} for e in VISIT], []) == {}
    other = exposure("jw01234001002_02101_00001_mirimage_cal.fits", rotation=0.16)
    assert found([*VISIT, other], []) == {}


def test_an_exposure_without_weight_adds_nothing():
    assert found([A, B, exposure("c", contribution=0.0)], AGREE)["adds_nothing"].startswith("1 of 3 exposures")
    assert found([A, B, exposure("c", contribution=None)], AGREE) == {}


def test_the_noise_is_what_the_mosaic_states_and_else_its_scatter():
    step = [overlap("a", "b", sky=0.015)]
    assert "the noise (0.01 MJy/sr)" in found([A, B], step)["sky_steps"]
    assert found([A, B], step, mosaic={"depth": 0.02, "noise": None, "unit": "MJy/sr"}) == {}


@pytest.mark.parametrize(
    ("exposures", "overlaps", "reason"),
    [
        ([A, exposure("b", flagged=0.9), exposure("c", flagged=0.96)], AGREE, "flagged 90% of the usable pixels"),
        ([A, B, C], [AGREE[0], *(overlap(x, "c") | NONE | {"displacement": [9.0, 0.0]} for x in "ab")], "in 2 of 3"),
        ([A, B], [overlap("a", "b") | NONE | {"displacement": [9.0, 0.0]}], "in 1 of 1 overlaps"),
        ([exposure("a", contribution=0.0), exposure("b", contribution=0.0)], AGREE[:1], "2 of 2 exposures add nothing"),
    ],
)
def test_a_result_that_no_one_can_use_is_called_so(exposures, overlaps, reason):
    assert reason in found(exposures, overlaps)["unusable"]


def test_what_is_less_than_it_could_be_is_not_called_of_no_use():
    few = [A, B, exposure("c", flagged=0.9), exposure("d", contribution=0.0)]
    pairs = [*AGREE, overlap("a", "d", (0.9, 0.0)), overlap("b", "d") | NONE | {"displacement": [9.0, 0.0]}]
    assert "unusable" not in found(few, pairs)
