"""Groups: every rule, alone and together, on two visits of both modules and eight short chips."""

import pytest

from app.observation.bands import Channel
from app.observation.grouping import GroupingRules, group_id, groups, native_group_id
from tests.factories import make_exposure

SHORT = [f"nrc{module}{chip}" for module in "ab" for chip in "1234"]
DETECTORS = [*SHORT, "nrcalong", "nrcblong"]
NIRCAM = [
    make_exposure(f"jw01234001{visit}_02101_0000{n}_{detector}_cal.fits")
    for visit in ("001", "002")
    for n in (1, 2)
    for detector in DETECTORS
]
MIRI = [make_exposure(f"jw01234003001_02101_0000{n}_mirimage_cal.fits") for n in (1, 2, 3)]
ALL = frozenset({Channel.NIRCAM_SHORT, Channel.NIRCAM_LONG, Channel.MIRI})


def detectors(names: list[str]) -> set[str]:
    return {name.split("_")[3] for name in names}


def exposures(names: list[str]) -> set[str]:
    return {"_".join(name.split("_")[:3]) for name in names}


def test_the_native_group_is_all_detectors_of_one_exposure():
    grouped = groups(NIRCAM)
    assert list(grouped) == [f"jw01234001{v}_02101_0000{n}" for v in ("001", "002") for n in (1, 2)]
    assert all(detectors(names) == set(DETECTORS) for names in grouped.values())


def test_the_native_id_is_the_one_that_jwst_gives(miri):
    from jwst.datamodels import ModelLibrary

    from app.observation.exposure_headers import read_exposure

    library = ModelLibrary([str(miri.files[0])])
    assert library.group_names == {native_group_id(read_exposure(miri.files[0]))}


def test_grouped_dithers_of_a_visit_are_one_group_and_visits_stay_apart():
    grouped = groups(NIRCAM, GroupingRules(group_dithers=ALL))
    assert [exposures(names) for names in grouped.values()] == [
        {f"jw01234001{v}_02101_00001", f"jw01234001{v}_02101_00002"} for v in ("001", "002")
    ]


def test_activities_of_a_visit_stay_apart_when_dithers_are_grouped():
    pair = [make_exposure(f"jw01234003001_0210{a}_00001_mirimage_cal.fits") for a in (1, 3)]
    assert len(groups(pair, GroupingRules(group_dithers=ALL))) == 2


def test_only_the_channels_named_are_grouped():
    grouped = groups(NIRCAM + MIRI, GroupingRules(group_dithers=frozenset({Channel.MIRI})))
    assert len(grouped) == 4 + 1


def test_degrouped_dithers_are_one_file_a_group():
    grouped = groups(NIRCAM, GroupingRules(degroup_dithers=ALL))
    assert len(grouped) == len(NIRCAM)
    assert all(len(names) == 1 for names in grouped.values())


def test_modules_apart_never_meet_another_exposure():
    grouped = groups(NIRCAM, GroupingRules(degroup_modules=True))
    assert len(grouped) == 2 * 4  # pjpipe makes fewer: exposure 2 of A met exposure 1 of B
    for names in grouped.values():
        assert len({d[3] for d in detectors(names)}) == 1
        assert len(exposures(names)) == 1


def test_short_chips_apart_leave_the_long_channel_together():
    grouped = groups(NIRCAM, GroupingRules(degroup_short_chips=True))
    assert sorted(len(names) for names in grouped.values()) == [1] * 32 + [2] * 4
    assert {"nrcalong", "nrcblong"} in [detectors(names) for names in grouped.values()]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (GroupingRules(group_dithers=ALL, degroup_modules=True), 2 * 2),
        (GroupingRules(group_dithers=ALL, degroup_short_chips=True), 2 * (8 + 1)),
        (GroupingRules(group_dithers=ALL, degroup_modules=True, degroup_short_chips=True), 2 * (8 + 2)),
    ],
)
def test_splits_combine_with_grouped_dithers(rules, expected):
    grouped = groups(NIRCAM, rules)
    assert len(grouped) == expected
    assert all(len(exposures(names)) == 2 for names in grouped.values())


def test_splitting_nircam_leaves_miri_alone():
    rules = GroupingRules(degroup_modules=True, degroup_short_chips=True)
    assert [group_id(e, rules) for e in MIRI] == [native_group_id(e) for e in MIRI]


def test_a_visit_is_one_group_and_its_detectors_can_be_told_apart():
    others = [make_exposure("jw01234001001_04103_00001_nrca1_cal.fits")]  # another visit group and activity
    visits = groups(NIRCAM + others, GroupingRules(group_visits=True, degroup_dithers=ALL))
    assert {name: len(names) for name, names in visits.items()} == {"jw01234001001": 21, "jw01234001002": 20}
    rules = GroupingRules(degroup_modules=True, degroup_short_chips=True, group_visits=True)
    apart = groups(NIRCAM, rules)
    assert len(apart) == 2 * len(DETECTORS)
    assert all(len(detectors(names)) == 1 and len(exposures(names)) == 2 for names in apart.values())
