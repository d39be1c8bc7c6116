"""The verdict on alignment, and caveats about one solution for all groups, on made-up numbers."""

import pytest

from app.assess.findings import alignment_verdict, find_caveats
from tests.assess.findings.test_findings import AGREE, A, B, C, exposure, overlap

NOTHING = {"n_stars": 0, "offset": None, "corner": None, "corner_error": None}


def record(exposures, overlaps, alignment=None, **parameters):
    measurements = {"pixel_scale": 0.1, "exposures": exposures, "overlaps": overlaps, "mosaic": None, "catalogue": None}
    found = {"measurements": measurements, "parameters": {"steps": {"tweakreg": parameters}}}
    return found | ({"alignment": alignment} if alignment else {})


@pytest.mark.parametrize(
    ("exposures", "overlaps", "verdict", "reason"),
    [
        ([A, B, C], AGREE, "verified", "3 overlaps agree"),
        ([A, B, C], [*AGREE[:2], overlap("b", "c", (0.2, 0.0))], "failed", "b and c by 0.200 arcsec"),
        (
            [A, B, C],
            [*AGREE[:2], overlap("b", "c") | NOTHING | {"displacement": [9.3, 0.0]}],
            "failed",
            "see the same stars 9.30 arcsec apart",
        ),
        (
            [A, B, C],
            [AGREE[0], overlap("b", "c") | NOTHING | {"n_first": 3, "n_second": 4}],
            "could not be verified",
            "1 of 3 exposures share too few stars with the others: c.",
        ),
        ([A], [], "could not be verified", "one exposure"),
    ],
)
def test_verdicts(exposures, overlaps, verdict, reason):
    found = alignment_verdict(record(exposures, overlaps))
    assert found["verdict"] == verdict
    assert reason in found["reason"]
    assert found["is_relative"]


def test_with_a_catalogue_it_is_not_relative():
    assert not alignment_verdict(record([A, B, C], AGREE, abs_refcat="GAIADR3"))["is_relative"]


def test_what_could_not_be_verified_is_a_caveat():
    pair = overlap("b", "c") | NOTHING | {"n_first": 3, "n_second": 4}
    codes = [caveat.code for caveat in find_caveats(record([A, B, C], [AGREE[0], pair]))]
    assert "not_verified" in codes
    assert "not_verified" not in [c.code for c in find_caveats(record([A, B, C], AGREE))]


def test_what_is_moved_as_one_is_connected():
    one, other = exposure("a"), exposure("b", group="a")
    pair = overlap("a", "b") | NOTHING | {"n_first": 1, "n_second": 2}
    assert alignment_verdict(record([one, other, C], [overlap("a", "c"), pair]))["verdict"] == "verified"


def test_what_shares_no_star_at_all_is_told_once():
    pair = overlap("b", "c") | NOTHING
    codes = [caveat.code for caveat in find_caveats(record([A, B, C], [AGREE[0], pair]))]
    assert "no_shared_stars" in codes
    assert "not_verified" not in codes


def test_parts_of_a_field_that_do_not_overlap_are_verified_each_for_itself():
    """Modules of NIRCam, say; and exposures that share no star at all have a caveat of their own."""
    parts = [AGREE[0], overlap("c", "d")]
    exposures = [A, B, C, C | {"file": "d"}]
    assert "not_verified" not in [c.code for c in find_caveats(record(exposures, parts))]
    displaced = [*AGREE, overlap("a", "d") | NOTHING | {"n_first": 30, "n_second": 40}]
    assert "not_verified" not in [c.code for c in find_caveats(record(exposures, displaced))]


def group(name, **facts):
    return {
        "group": name, "n_stars": 20, "tied": True, "on_sky": False, "shifted_only": False, "values": {}, "errors": {},
        "displaced": None,
    } | facts  # fmt: skip


@pytest.mark.parametrize(
    ("groups", "outlying", "code", "said"),
    [
        ([group("g1"), group("g2", tied=False, n_stars=0)], [], "untied", "1 of 2 groups"),
        ([group("g1", displaced=[-9.3, 0.0])], [], "displaced_groups", "g1 (9.30 arcsec)"),
        ([group("g1", shifted_only=True, n_stars=2)], [], "shifted_only", "fitgeometry=general and were only"),
        (
            [group("g1"), group("g2")],
            [{"first": "g1", "second": "g2", "n_stars": 5, "offset": [0.03, 0.04], "error": 0.002}],
            "groups_disagree",
            "g1 and g2 (0.050 arcsec",
        ),
    ],
)
def test_caveats_of_a_solution(groups, outlying, code, said):
    alignment = {"geometry": "general", "groups": groups, "scatter": 0.002, "outlying": outlying}
    found = {c.code: c.message for c in find_caveats(record([exposure("a"), B, C], AGREE, alignment))}
    assert said in found[code]
    fine = alignment | {"groups": [group("g1"), group("g2")], "outlying": []}
    assert code not in {c.code for c in find_caveats(record([exposure("a"), B, C], AGREE, fine))}
