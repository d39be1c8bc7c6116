"""What we use of tweakreg beyond what it declares public is still there, and gives what it gives itself."""

from copy import deepcopy
from types import SimpleNamespace

import numpy as np
import pytest
from astropy.modeling.models import Shift
from astropy.table import Table
from jwst.datamodels import ModelLibrary
from jwst.tweakreg import TweakRegStep, tweakreg_step

from app.pipeline.divided.library import ExposureLibrary
from app.pipeline.divided.tweakreg_internals import KnownSourcesStep, other_alignment, reference_catalogue
from app.runtime.checkpoints import keeping, scope


@pytest.mark.parametrize("name", ["_find_sources", "_apply_tweakreg_solution"])
def test_methods_that_we_call_or_replace_are_still_there(name):
    assert callable(vars(TweakRegStep)[name])


def test_members_get_what_tweakreg_gives_them_each_once(dithers, crds, tmp_path, monkeypatch):
    members = [{"expname": str(file), "exptype": "science"} for file in dithers.files]
    library = ExposureLibrary({"asn_id": "a", "products": [{"name": "mosaic", "members": members}]}, procs=1)
    step, apply, given = KnownSourcesStep(), TweakRegStep._apply_tweakreg_solution, []
    correctors = []
    for number, exposure in enumerate(library.exposures()):
        moved = deepcopy(exposure.tree["meta"]["wcs"])
        moved.insert_transform("v2v3", Shift(2 + number) & Shift(-1.0), after=False)  # [arcsec]
        correctors.append(SimpleNamespace(wcs=moved, meta={"fit_info": {"status": "SUCCESS"}}))
    del correctors[1].meta["fit_info"]
    jwsts = ModelLibrary([str(file) for file in dithers.files])
    apply(step, jwsts, deepcopy(correctors), True)

    def watched(*args):
        given.append(args[1].model.meta.filename)
        if len(given) == 2:
            raise InterruptedError
        apply(*args)

    monkeypatch.setattr(TweakRegStep, "_apply_tweakreg_solution", watched)
    with keeping(tmp_path), scope("tweakreg"), pytest.raises(InterruptedError):
        step._apply_tweakreg_solution(library, correctors, True)
    with keeping(tmp_path), scope("tweakreg"):
        step._apply_tweakreg_solution(library, correctors, True)
    assert [given.count(file.name) for file in dithers.files] == [1, 2, 1]
    with jwsts:
        for expected, made in zip(jwsts, library.exposures(), strict=True):
            assert made.tree["meta"]["wcsinfo"] == expected.meta.wcsinfo.instance
            assert made.tree["meta"]["cal_step"] == expected.meta.cal_step.instance
            assert made.tree["meta"]["wcs"](3, 4) == expected.meta.wcs(3, 4)
            jwsts.shelve(expected, modify=False)


def test_tweakreg_hands_its_correctors_to_whom_it_is_told():
    def mine(*_, **__):
        return []

    with other_alignment(mine, mine):
        assert tweakreg_step.twk.relative_align is mine
        assert tweakreg_step.twk.absolute_align is mine
    assert tweakreg_step.twk.relative_align is not mine


def test_a_catalogue_comes_with_errors(tmp_path):
    table = Table({"ra": [1.0, 2.0, np.nan], "Dec": [3.0, 4.0, 5.0], "name": ["a", "b", "c"]})
    table.write(tmp_path / "a.ecsv")
    places, errors = reference_catalogue([], str(tmp_path / "a.ecsv"), None, {}, 2024.0)
    assert places.tolist() == [[1, 3], [2, 4]]
    assert errors.tolist() == [0.005, 0.005]
    table["ra_error"], table["dec_error"] = [3.0, np.nan, 1.0], [3.0, 1.0, 1.0]
    table.write(tmp_path / "b.ecsv")
    places, errors = reference_catalogue([], str(tmp_path / "b.ecsv"), None, {}, 2024.0)
    assert places.tolist() == [[1, 3]]
    assert errors == pytest.approx([0.003])
