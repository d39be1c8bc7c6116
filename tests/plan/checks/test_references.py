"""Reference files that are missing, changed or spoiled, and bands that have no row in them: as the command says it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from astropy.io import fits

from app.crds import write_manifest
from app.runtime.errors import ExitCode

PARS = "references/jwst/miri/jwst_miri_pars-tweakregstep_9001.asdf"
APCORR = "references/jwst/miri/jwst_miri_apcorr_9001.fits"


@pytest.fixture
def cache(crds_cache, tmp_path):
    """A copy of the synthetic cache, to be spoiled."""
    return Path(shutil.copytree(crds_cache, tmp_path / "crds"))


def plan(miri, cache, *overrides):
    """Exit status, plan and messages of ``action=plan`` in a process of its own: crds remembers its cache."""
    arguments = [f"in_dir={miri.folder}", f"crds.path={cache}", "target=ngc0628", "band=F770W", "crds=synthetic"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CRDS_")}
    result = subprocess.run(
        [sys.executable, "-m", "app", *arguments, "action=plan", "plan_format=json", *overrides],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    return result.returncode, json.loads(result.stdout), result.stderr


def test_a_changed_and_a_missing_file(miri, cache):
    with (cache / PARS).open("ab") as file:
        file.write(b"#")
    (cache / APCORR).unlink()
    status, found, messages = plan(miri, cache, "tweakreg_grouping=group_dithers")
    assert status == ExitCode.CRDS
    assert any("changed: " + PARS in problem for problem in found["problems"])
    assert any("missing: " + APCORR in problem for problem in found["problems"])
    assert [caveat["code"] for caveat in found["caveats"]] == ["one_group"]
    assert "Traceback" not in messages


def test_a_missing_file_without_a_manifest(miri, cache):
    (cache / PARS).unlink()
    status, found, _ = plan(miri, cache, "crds.check_manifest=false")
    assert status == ExitCode.CRDS
    assert found["references"] is None
    assert any("pars-tweakregstep_9001.asdf" in problem for problem in found["problems"])


def test_a_band_without_a_row_in_the_reference(miri, cache):
    with fits.open(cache / APCORR) as hdus:
        rows = hdus["APCORR"].data
        hdus["APCORR"].data = rows[rows["filter"] != "F770W"]
        hdus.writeto(cache / APCORR, overwrite=True)
    write_manifest(cache)
    status, found, _ = plan(miri, cache)
    assert (status, found["problems"]) == (ExitCode.SUCCESS, [])
    (caveat,) = found["caveats"]
    assert caveat["code"] == "reference"
    assert "no source catalogue" in caveat["message"]


def test_a_sound_cache(miri, cache):
    status, found, messages = plan(miri, cache, "strict=true")
    assert (status, found["problems"], found["caveats"], messages) == (ExitCode.SUCCESS, [], [], "")
    assert found["references"]["files"]["pars-tweakregstep"] == Path(PARS).name
