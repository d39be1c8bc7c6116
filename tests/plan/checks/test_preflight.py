"""All findings at once: which error is raised, what strict does, and what goes into the record."""

import pytest

from app.config.schema import Lv3Config
from app.plan.checks import preflight
from app.plan.plan import make_plan
from app.runtime.errors import ConfigError, StrictError
from tests.plan.checks.conftest import science, set_keywords
from tests.runs import make_step, run


def plan(folder, crds, **options):
    return make_plan(Lv3Config(target="ngc0628", band="F770W", in_dir=str(folder), crds=crds, **options))


def test_problems_of_all_checks_are_raised_as_one(folder, crds):
    set_keywords(science(folder)[0], BKGLEVEL=1.0, BKGSUB=True)
    parameters = {"tweakreg": {"separation": 0.1, "minobj": "x"}, "resample": {"kernel": "no"}}
    with pytest.raises(ConfigError) as error:
        preflight(plan(folder, crds, jwst_parameters=parameters, max_mosaic_megapixels=0.001))
    said = ("minobj='x'", "kernel='no'", "separation=0.1", "matched before", "max_mosaic_megapixels=0.001")
    assert [any(word in problem for problem in error.value.problems) for word in said] == [True] * len(said)


def test_strict_allows_no_caveat(miri, crds):
    (caveat,) = preflight(plan(miri.folder, crds, tweakreg_group_dithers=["miri"])).caveats
    assert caveat.hint
    with pytest.raises(StrictError, match=r"one_group: .* \(strict=true\)"):
        preflight(plan(miri.folder, crds, tweakreg_group_dithers=["miri"], strict=True))
    assert preflight(plan(miri.folder, crds, strict=True)).caveats == []


def test_a_refused_run_leaves_nothing_behind(miri, crds, tmp_path):
    with pytest.raises(StrictError):
        make_step(miri, tmp_path / "out", crds, tweakreg_group_dithers=["miri"], strict=True).do_step()
    assert not (tmp_path / "out").exists()


def test_caveats_go_into_the_record(miri, crds, tmp_path):
    record = run(miri, tmp_path / "out", crds, tweakreg_group_dithers=["miri"])
    assert record["state"] == "success_with_caveats"
    assert "one_group" in [caveat["code"] for caveat in record["caveats"]]
    assert record["parameter_origins"]["tweakreg"]["kernel_fwhm"] == "band"
