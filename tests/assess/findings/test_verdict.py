"""The verdict on alignment, and caveats about one solution for all groups, on made-up numbers."""

import numpy as np
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


def part(offset, *, n=5, error=0.002, column=0, row=0):
    return {"column": column, "row": row, "n_stars": n, "offset": list(offset), "error": error}


def residual(first, second, parts, **whole):
    whole = part((0.0, 0.0)) | whole
    return {"first": first, "second": second, "parts": parts} | {k: whole[k] for k in ("n_stars", "offset", "error")}


def known(*groups, kind="catalogue", reason=""):
    return {"name": "gaia.ecsv", "kind": kind, "reason": reason, "n_rows": 50, "groups": list(groups)}


def place(group, offset=(0.0, 0.001), **facts):
    return {
        "group": group,
        "n_stars": 9,
        "offset": offset and list(offset),
        "error": 0.001,
        "displacement": None,
    } | facts


def with_residuals(*residuals, places=(), exposures=(A, B, C), overlaps=AGREE, **parameters):
    found = record(list(exposures), overlaps, **parameters)
    found["measurements"] |= {"group_residuals": list(residuals), "known_positions": list(places)}
    return found


def test_a_part_that_is_apart_fails_though_the_whole_agrees():
    """Quarter of a pixel is 0.025 arcsec."""
    far = residual("a", "b", [part((0.001, 0)), part((0.0, 0.05), column=2, row=1)])
    found = alignment_verdict(with_residuals(far))
    assert found["verdict"] == "failed"
    assert "1 of 1 pairs of groups disagree, a and b by 0.050 arcsec (0.50 pixel) in 5 stars" in found["reason"]
    assert found["worst_part"] == {"length": 0.05, "error": 0.002, "n_stars": 5, "first": "a", "second": "b"}
    assert "parts_disagree" in [c.code for c in find_caveats(with_residuals(far))]


@pytest.mark.parametrize("weak", [{"n": 2}, {"error": 0.01}])
def test_two_stars_or_a_large_error_fail_nothing(weak):
    found = alignment_verdict(with_residuals(residual("a", "b", [part((0.0, 0.05), **weak)])))
    assert found["verdict"] == "verified"


@pytest.mark.parametrize(
    ("width", "said"), [(1.0, ""), (0.3, "the errors are too large"), (3.0, "times as wide as their errors: alignment")]
)
def test_pulls_are_told_where_they_are_not_1(width, said):
    offsets = np.random.default_rng(1).normal(0, 0.001 * width, (50, 9, 2))
    pairs = [residual("a", "b", [part(offset, error=0.001) for offset in parts]) for parts in offsets]
    found = alignment_verdict(with_residuals(*pairs))
    assert found["pulls"] == pytest.approx(width, rel=0.1)
    assert found["n_parts"] == 450
    assert said in found["reason"]
    assert ("times as wide" in found["reason"]) == bool(said)
    assert found["verdict"] == "verified"


def test_few_parts_give_no_pulls():
    assert alignment_verdict(with_residuals(residual("a", "b", [part((0, 0))] * 4)))["pulls"] is None


@pytest.mark.parametrize(
    ("groups", "verdict", "said"),
    [
        ([place("a"), place("b"), place("c")], "verified", "3 overlaps agree"),
        ([place("a"), place("b", (0.04, 0.03))], "failed", "1 of 2 groups are not where the catalogue gaia.ecsv has"),
        ([place("a"), place("b", None, n_stars=0, displacement=[9.3, 0.0])], "failed", "b by 9.300 arcsec"),
        ([place("a", None, n_stars=0)], "verified", "could not be compared with gaia.ecsv"),
    ],
)
def test_groups_against_a_catalogue(groups, verdict, said):
    found = alignment_verdict(with_residuals(places=[known(*groups)], abs_refcat="gaia.ecsv"))
    assert (found["verdict"], said in found["reason"]) == (verdict, True)
    assert found["is_relative"] == (groups[0]["n_stars"] == 0)
    assert found["against"][0]["n_groups"] == len(groups)


def test_against_the_run_that_is_followed():
    found = alignment_verdict(with_residuals(places=[known(place("a", (0.1, 0.0)), kind="followed")]))
    assert found["verdict"] == "failed"
    assert "not where the run that is followed, gaia.ecsv has their stars, a by 0.100 arcsec" in found["reason"]
    assert found["is_relative"]


MODULES = [exposure(n, module=n[0], detector=f"NRC{n.upper()}LONG", group=n) for n in ("a1", "a2", "b1", "b2")]
WITHIN = [overlap("a1", "a2"), overlap("b1", "b2")]


def test_modules_that_never_overlap_could_not_be_verified_and_it_is_said_why():
    found = alignment_verdict(with_residuals(exposures=MODULES, overlaps=WITHIN))
    assert found["verdict"] == "could not be verified"
    assert (
        "2 of 4 exposures overlap none of the others (NIRCam's module B: no dither bridges the gap" in found["reason"]
    )


def test_a_catalogue_ties_modules_that_never_overlap():
    places = [known(*(place(name) for name in ("a1", "a2", "b1", "b2")))]
    found = alignment_verdict(with_residuals(exposures=MODULES, overlaps=WITHIN, places=places, abs_refcat="gaia"))
    assert (found["verdict"], found["is_relative"]) == ("verified", False)


def group(name, **facts):
    return {
        "group": name, "n_stars": 20, "tied": True, "on_sky": False, "shifted_only": False,
        "values": {"rotation": 0.0}, "errors": {"rotation": 0.002},
        "displaced": None,
    } | facts  # fmt: skip


@pytest.mark.parametrize(
    ("groups", "outlying", "code", "said"),
    [
        ([group("g1"), group("g2", tied=False, n_stars=0)], [], "untied", "1 of 2 groups"),
        ([group("g1", displaced=[-9.3, 0.0])], [], "displaced_groups", "g1 (9.30 arcsec)"),
        (
            [group("g1"), group("g2"), group("g3", values={"rotation": 0.05}, errors={"rotation": 0.002})],
            [],
            "turned_groups",
            "1 groups were turned against the others, and were put right: g3 (+0.050 deg)",
        ),
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
