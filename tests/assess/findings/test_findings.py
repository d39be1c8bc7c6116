"""The rules of the findings on made-up numbers: what is the reference, what is left out, what has no numbers."""

from typing import Any

import pytest

from app.assess.findings import find_caveats


def exposure(name: str, *, moved: bool = True, **facts: Any) -> dict[str, Any]:
    return {
        "file": name, "group": name, "detector": "MIRIMAGE", "module": "", "moved": moved, "shift": [0.1, 0.0],
        "n_matches": 50, "flagged": 0.001, "flagged_in_cores": 0.001,
    } | facts  # fmt: skip


def overlap(first: str, second: str, offset: tuple[float, float] = (0.0, 0.0), **facts: Any) -> dict[str, Any]:
    return {
        "first": first, "second": second, "n_stars": 50, "offset": list(offset), "sky": 0.0, "sky_error": 1e-4,
    } | facts  # fmt: skip


def found(exposures: list[dict[str, Any]], overlaps: list[dict[str, Any]], **parameters: Any) -> dict[str, str]:
    """Caveats by code."""
    measurements = {
        "pixel_scale": 0.1, "exposures": exposures, "overlaps": overlaps,
        "mosaic": {"depth": 0.01, "unit": "MJy/sr"}, "catalogue": {"n_sources": 5},
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
    eaten = {"flagged_in_cores": 0.1}
    assert set(found([A, exposure("b", **eaten)], AGREE[:1])) == {"stars_eaten"}
    assert found([A, exposure("b", flagged=0.04, **eaten)], AGREE[:1]) == {}
    assert found([A, exposure("b", flagged=None, flagged_in_cores=None)], AGREE[:1]) == {}


def test_a_sentence_names_three_and_counts_the_rest():
    many = [exposure(name, flagged=0.2) for name in "bcdef"]
    assert found([A, *many], [])["many_flagged"].endswith("b (20.0%), c (20.0%), d (20.0%) and 2 more.")
