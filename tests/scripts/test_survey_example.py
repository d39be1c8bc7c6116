"""The survey of docs/example.md, from a simulated download to a release: the page shows what is run, and it works."""

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.cli.release.rules import problems
from app.simulation import Truth
from tests.integration.test_solution import residuals

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "docs/examples/survey.sh"
GALAXIES, LEADER, FOLLOWERS = ("mock-a", "mock-b"), "F300M", ("F770W", "F2100W")
BANDS = (LEADER, *FOLLOWERS)


def test_the_page_shows_the_commands_of_the_script():
    def words(text):
        return re.sub(r"['\"\\]", "", text).replace("$leader", "mast/${target}/F300M").split()

    shown = words("".join(re.findall(r"```bash\n(.*?)```", (ROOT / "docs/example.md").read_text(), re.DOTALL)))
    assert len(shown) > 20
    assert set(shown) - set(re.split(r"[\s()]+", " ".join(words(SCRIPT.read_text())))) == set()


@pytest.mark.slow
def test_the_survey_is_what_the_page_says(tmp_path):
    survey = tmp_path / "example"
    result = subprocess.run([SCRIPT, survey], capture_output=True, text=True, check=False, timeout=3600)
    assert result.returncode == 0, result.stderr[-4000:]
    check_every_band_is_where_the_leader_is(survey)
    check_caveats_are_those_that_the_page_speaks_of(survey)
    check_the_release_keeps_the_rules_and_has_a_picture_in_colours(survey)


def science(survey, galaxy, band):
    """The truth about the science exposures."""
    truth = Truth.read(survey / "MAST" / galaxy / band)
    return replace(truth, exposures=tuple(exposure for exposure in truth.exposures if not exposure.is_background))


def check_every_band_is_where_the_leader_is(survey):
    for galaxy in GALAXIES:
        off = {
            band: residuals(science(survey, galaxy, band), survey / "mast" / galaxy / band, common=False)
            for band in BANDS
        }
        place = off[LEADER].mean(axis=(0, 1))  # all of a galaxy together: no star says where the sky is
        for found in off.values():
            assert np.hypot(*(found - place).reshape(-1, 2).T).max() < 0.010


def check_caveats_are_those_that_the_page_speaks_of(survey):
    for galaxy in GALAXIES:
        for band in BANDS:
            record = json.loads((survey / "mast" / galaxy / band / "lv3_run.json").read_text())
            assert [c["code"] for c in record["caveats"]] == (["not_verified"] if band == "F2100W" else [])
            assert {entry["role"] for entry in record["inputs"]} >= ({"background"} if band in FOLLOWERS else set())
    assert record["alignment_verdict"]["against"][0]["kind"] == "followed"


def check_the_release_keeps_the_rules_and_has_a_picture_in_colours(survey):
    release = survey / "release"
    assert [problem for problem in problems(release) if "doi" not in problem.lower()] == []
    names = [path.name for path in release.rglob("*") if path.is_file()]
    assert len([name for name in names if name.endswith("_i2d.fits")]) == 6
    for galaxy in GALAXIES:
        assert len([name for name in names if galaxy in name and "_rgb-" in name]) == 6
