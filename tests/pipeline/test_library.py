"""Grouped libraries: what steps ask and get, in memory and on disk. Fails when a jwst release asks in another way."""

import json

import pytest

from app.observation.grouping import GroupingRules, groups
from app.observation.members import Member, Role
from app.pipeline.library import GroupedLibrary
from app.plan.association import association, write_association
from app.simulation import simulate_observation


@pytest.fixture(scope="module")
def nircam(tmp_path_factory):
    return simulate_observation(
        tmp_path_factory.mktemp("nircam"),
        band="F277W",
        detectors=("NRCALONG", "NRCBLONG"),
        n_dithers=2,
        window=(64, 64),
    )


@pytest.fixture(params=[False, True], ids=["in_memory", "on_disk"])
def library(request, crds_cache, nircam, tmp_path):
    from app.observation.exposure_headers import read_exposures

    members = [Member(e, Role.SCIENCE, "") for e in read_exposures(nircam.files)]
    path = write_association(association(members, "product", "ngc0628"), tmp_path / "asn.json")
    (tmp_path / "temporary").mkdir()
    options = {"temp_directory": tmp_path / "temporary"} if request.param else {}
    made = GroupedLibrary(path, asn_exptypes=["science"], on_disk=request.param, **options)
    made.exposures = [m.exposure for m in members]
    return made


def ids(library):
    with library:
        found = []
        for index in range(len(library)):
            model = library.borrow(index)
            found.append(model.meta.group_id)
            library.shelve(model, index)
    return found


def by_file(exposures, rules):
    return {name: group for group, names in groups(exposures, rules).items() for name in names}


def test_native_groups_are_those_of_jwst(library):
    assert library.group_names == {"jw01234001001_02101_00001", "jw01234001001_02101_00002"}
    assert list(library.group_indices.values()) == [[0, 1], [2, 3]]


def test_steps_see_the_groups_in_force_and_native_ones_after(library):
    native = ids(library)
    wanted = by_file(library.exposures, GroupingRules(degroup_modules=True))
    with library.grouped(wanted):
        assert library.group_names == set(wanted.values())
        assert list(library.group_indices.values()) == [[0], [1], [2], [3]]
        assert ids(library) == list(wanted.values())
    assert ids(library) == native
    assert list(library.group_indices.values()) == [[0, 1], [2, 3]]


def test_native_groups_are_back_after_a_failure(library):
    native = library.group_indices
    with pytest.raises(ZeroDivisionError), library.grouped(dict.fromkeys(library.member_names, "one")):
        raise ZeroDivisionError
    assert library.group_indices == native


def test_a_member_without_a_group_is_an_error(library):
    with pytest.raises(KeyError), library.grouped({}):
        pass


def test_the_association_is_valid_for_jwst_and_leaves_background_out(crds_cache, nircam, tmp_path):
    from jwst.associations import load_asn

    from app.observation.exposure_headers import read_exposures

    first, *rest = read_exposures(nircam.files)
    members = [Member(first, Role.BACKGROUND, ""), *(Member(e, Role.SCIENCE, "") for e in rest)]
    path = write_association(association(members, "product", "ngc0628"), tmp_path / "asn.json")
    with path.open() as file:
        table = load_asn(file)
    assert [m["exptype"] for m in table["products"][0]["members"]] == ["background", "science", "science", "science"]
    assert len(GroupedLibrary(path, asn_exptypes=["science"])) == 3
    assert json.loads(path.read_text())["asn_rule"] == "DMS_Level3_Base"
