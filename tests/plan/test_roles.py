"""Science or background, and which band: by headers and names."""

import pytest

from app.config.schema import Lv3Config
from app.observation.bands import Channel
from app.observation.members import Role
from app.plan.roles import assign_roles, find_band
from app.runtime.errors import ConfigError, InputError
from tests.factories import make_exposure

SCIENCE = make_exposure("jw01234001001_02101_00001_mirimage_cal.fits", target="NGC-628")
PARALLEL = make_exposure("jw01234002001_02201_00001_mirimage_cal.fits", target="NGC-628-OFF")
NIRCAM_PARALLEL = make_exposure("jw01234001001_02201_00001_nrca1_cal.fits")


def config(**values) -> Lv3Config:
    return Lv3Config(**{"target": "ngc0628", "band": "F770W", "in_dir": "in"} | values)


def roles(exposures, **values):
    return [member.role for member in assign_roles(exposures, config(**values))]


def test_a_miri_exposure_taken_in_parallel_is_background():
    assert roles([SCIENCE, PARALLEL]) == [Role.SCIENCE, Role.BACKGROUND]


def test_nircam_is_never_background_by_being_parallel():
    assert roles([NIRCAM_PARALLEL]) == [Role.SCIENCE]


@pytest.mark.parametrize("name", ["off", "OFF"])
def test_the_name_in_the_target_ignores_case(name):
    assert roles([SCIENCE, PARALLEL], bgr_check_type="check_in_name", bgr_background_name=name)[1] is Role.BACKGROUND


@pytest.mark.parametrize("names", ["jw01234002", ["jw01234002001_02201_00001", "_02201_"]])
def test_any_of_the_names_in_the_file_name(names):
    found = roles([SCIENCE, PARALLEL], bgr_check_type="filename", bgr_background_name=names)
    assert found == [Role.SCIENCE, Role.BACKGROUND]


def test_a_target_that_its_proposer_declared_background():
    declared = make_exposure("jw01234002001_02101_00001_nrca1_cal.fits", is_background_target=True)
    assert roles([SCIENCE, PARALLEL, declared], bgr_check_type="header") == [Role.SCIENCE] * 2 + [Role.BACKGROUND]
    assert "BKGDTARG" in assign_roles([SCIENCE, declared], config(bgr_check_type="header"))[1].reason


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"bgr_check_type": "check_in_name", "bgr_background_name": "sky"},
            "in no target's name (NGC-628, NGC-628-OFF)",
        ),
        ({"bgr_check_type": "filename", "bgr_background_name": ["_02201_", "sky"]}, "in none of 2 files' names"),
    ],
)
def test_a_name_of_background_that_fits_nothing_is_an_error(values, said):
    with pytest.raises(InputError) as error:
        roles([SCIENCE, PARALLEL], **values)
    (problem,) = error.value.problems
    assert problem.startswith("bgr_background_name=sky: is ")
    assert said in problem
    assert roles([SCIENCE], **values, targets=["ngc0628", "ngc1365"]) == [Role.SCIENCE], (
        "in a survey it may fit elsewhere"
    )
    assert roles([SCIENCE, PARALLEL], **values, is_bgr=True) == [Role.SCIENCE] * 2


def test_background_becomes_science_when_asked():
    assert roles([SCIENCE, PARALLEL], process_bgr_like_science=True) == [Role.SCIENCE] * 2
    assert roles([PARALLEL], is_bgr=True) == [Role.SCIENCE]


def test_background_alone_is_refused_with_the_way_out():
    with pytest.raises(InputError, match="is_bgr=true"):
        roles([PARALLEL])


def test_each_member_says_why():
    members = assign_roles([SCIENCE, PARALLEL], config())
    assert "taken in parallel" in members[1].reason


def test_headers_tell_the_instrument_where_two_share_a_band():
    niriss = make_exposure("jw01234001001_02101_00001_nis_cal.fits")
    assert find_band([niriss], "F200W").channel is Channel.NIRISS
    with pytest.raises(InputError, match="niriss"):
        find_band([niriss], "F200W_nircam")


def test_a_band_in_the_pupil_wheel_is_not_the_filter_behind_it():
    narrow = make_exposure("jw01234001001_02101_00001_nrcalong_cal.fits", filter="F444W", pupil="F470N")
    assert find_band([narrow], "F470N").name == "F470N"
    with pytest.raises(InputError, match="F444W F470N, not band=F444W"):
        find_band([narrow], "F444W")


def test_every_exposure_of_another_band_is_named():
    others = [make_exposure(f"jw01234001001_02101_0000{n}_mirimage_cal.fits", filter="F1000W") for n in (2, 3)]
    with pytest.raises(InputError) as error:
        find_band([SCIENCE, *others], "F770W")
    assert len(error.value.problems) == 2
    assert others[1].name in error.value.problems[1]


def test_the_same_exposure_twice_is_refused():
    copy = make_exposure("jw01234001001_02101_00001_mirimage_copy_cal.fits")
    with pytest.raises(InputError, match="the same exposure as"):
        find_band([SCIENCE, copy], "F770W")


def test_an_unknown_band_lists_those_there_are():
    with pytest.raises(ConfigError, match=r"F771W.*miri: F560W"):
        find_band([SCIENCE], "F771W")
