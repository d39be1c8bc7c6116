"""The library whose members may never be opened: what it answers is the same as if they were."""

import pytest

from app.observation.exposure_headers import read_exposures
from app.observation.members import Member, Role
from app.plan.association import association, write_association


@pytest.fixture
def make(crds_cache, miri, tmp_path):
    from app.pipeline.divided.library import ExposureLibrary

    members = [Member(e, Role.SCIENCE, "") for e in read_exposures(miri.files[:2])]
    path = write_association(association(members, "product", "ngc0628"), tmp_path / "asn.json")
    return lambda: ExposureLibrary(path, 1)


def move(library):
    """Change what a step would: the footprint, and where the arrays are."""
    with library:
        for index in range(len(library)):
            model = library.borrow(index)
            model.meta.wcsinfo.s_region = f"POLYGON ICRS {index} 0 1 1 2 0"
            library.shelve(model, index)
            library.subtract(index, [0.5])


def test_members_that_were_restored_answer_as_those_that_were_changed(make):
    changed, restored = make(), make()
    move(changed)
    restored.restore(changed.exposures())
    for index in range(2):
        wanted, found = (library.read_metadata(index) for library in (changed, restored))
        assert wanted["meta.wcsinfo.s_region"] == found["meta.wcsinfo.s_region"] == f"POLYGON ICRS {index} 0 1 1 2 0"
        assert found.keys() >= wanted.keys()
    for wanted, found in zip(changed.exposures(), restored.exposures(), strict=True):
        assert (found.path, found.shape, found.subtracted) == (wanted.path, wanted.shape, (0.5,))
        assert found.tree["meta"]["wcsinfo"] == wanted.tree["meta"]["wcsinfo"]


def test_a_change_is_made_once(make, tmp_path):
    from app.runtime.checkpoints import keeping, scope

    made = []
    for _ in range(2):
        library = make()
        with keeping(tmp_path / "kept"), scope("step"):
            exposures = library.remember("change", lambda library=library: made.append(move(library)))
        assert len(made) == 1
        assert [e.tree["meta"]["wcsinfo"]["s_region"][13] for e in exposures] == ["0", "1"]
        assert [e.subtracted for e in library.exposures()] == [(0.5,), (0.5,)]


def test_restored_members_follow_their_files(make, tmp_path):
    changed, restored = make(), make()
    move(changed)
    restored.restore(changed.exposures())
    restored.moved([tmp_path / "0.fits", tmp_path / "1.fits"])
    assert [(e.path.name, e.subtracted) for e in restored.exposures()] == [("0.fits", ()), ("1.fits", ())]
