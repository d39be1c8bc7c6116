"""What we use of tweakreg beyond what it declares public is still there, and gives what it gives itself."""

from copy import deepcopy
from types import SimpleNamespace

import pytest
from astropy.modeling.models import Shift
from jwst.datamodels import ModelLibrary
from jwst.tweakreg import TweakRegStep

from app.pipeline.divided.library import ExposureLibrary
from app.pipeline.divided.tweakreg_internals import KnownSourcesStep
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
