"""The rules of the findings on sky levels, on made-up numbers."""

from typing import Any

from app.assess.findings.facts import Facts
from app.assess.findings.sky_levels import sky_apart, sky_constant, sky_made_worse, sky_not_anchored, sky_untied


def facts(overlaps: list[tuple[float, float, float]], **more: Any) -> Facts:
    """Overlaps of these levels before and after matching, and their errors."""
    table = [{"sky_before": before, "sky": after, "sky_error": error} for before, after, error in overlaps]
    measurements = {"exposures": [], "overlaps": table, "mosaic": {"depth": 0.01, "unit": "MJy/sr"}}
    return Facts({"measurements": measurements, "parameters": {"steps": {"skymatch": {}}}} | more)


def group(name: str, part: int = 0, error: float | None = 0.001, slope: Any = None) -> dict[str, Any]:
    return {"group": name, "part": part, "error": error, "slope": slope}


def solution(*groups: dict[str, Any], order: int = 0) -> Facts:
    return facts([], sky_solution={"order": order, "groups": list(groups)})


def test_matching_that_made_overlaps_worse_is_said_with_both_numbers():
    message = sky_made_worse(facts([(0.02, 0.2, 0.001), (-0.03, -0.3, 0.001), (0.01, 0.1, 0.001)]))
    assert message is not None
    assert "differ by 0.2 MJy/sr in the median, and differed by 0.02 before" in message


def test_what_could_be_chance_is_not_said():
    assert sky_made_worse(facts([(0.002, 0.003, 0.001), (0.001, 0.002, 0.001)])) is None
    assert sky_made_worse(facts([(0.3, 0.001, 0.001)])) is None
    assert sky_made_worse(facts([])) is None
    skipped = {"parameters": {"steps": {"skymatch": {"skip": True}}}}
    assert sky_made_worse(facts([(0.02, 0.2, 0.001)], **skipped)) is None


def test_parts_of_the_field():
    assert sky_apart(solution(group("a"), group("b"))) is None
    assert "2 parts" in (sky_apart(solution(group("a"), group("b", part=1))) or "")
    assert sky_apart(solution(group("a"), group("b", part=1, error=None))) is None
    assert sky_apart(facts([])) is None


def test_groups_that_nothing_ties():
    message = sky_untied(solution(group("a"), group("b"), group("c", part=1, error=None)))
    assert message is not None
    assert message.startswith("1 of 3 groups")
    assert message.endswith(": c.")
    assert sky_untied(solution(group("a", error=None))) is None  # one group has nothing to be compared with


def test_groups_that_do_not_follow_the_mosaic():
    follows, adrift = group("a") | {"anchored": True}, group("b") | {"anchored": False}
    table = {"order": 0, "anchor": "/data/other_i2d.fits", "groups": [follows, adrift]}
    message = sky_not_anchored(facts([], sky_solution=table)) or ""
    assert message.startswith("1 of 2 groups do not follow /data/other_i2d.fits")
    assert message.endswith(": b.")
    assert sky_not_anchored(solution(group("a"), group("b") | {"anchored": None})) is None


def test_a_constant_where_a_plane_was_asked_for():
    sloping = group("a", slope=[0.1, 0.2])
    assert sky_constant(solution(sloping, group("b"), order=0)) is None
    assert (sky_constant(solution(sloping, group("b"), order=1)) or "").endswith(": b.")
