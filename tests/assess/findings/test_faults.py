"""Each fault against each caveat: what is wrong is said, and nothing else is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from app.assess.findings import FINDINGS
from app.simulation import Faults, Scene, Truth, simulate_observation
from tests.runs import run

#: A run is cheap: four windows of 256 pixels a side, and no more reference-like detail than a fault needs.
SMALL: dict[str, Any] = {"n_dithers": 4, "window": (256, 256)}
#: Two visits, the second with the telescope turned around: every detector sees what its neighbour saw.
TURNED: dict[str, Any] = {"n_visits": 2, "n_dithers": 2, "visit_step": 0.0, "visit_roll": 180.0, "window": (256, 256)}
LONG = {"band": "F335M", "detectors": ("NRCALONG", "NRCBLONG")}
SHORT = {"band": "F200W", "detectors": ("NRCA1", "NRCA2")}


@dataclass(frozen=True)
class Case:
    """A fault, or a parameter that makes one, and the caveats that it has to raise."""

    expected: set[str]
    faults: Faults = Faults()
    scene: dict[str, Any] = field(default_factory=dict)
    plan: dict[str, Any] = field(default_factory=lambda: SMALL)
    parameters: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    spoil: Callable[[Truth], dict[str, Any]] | None = None


def no_read_noise(truth: Truth) -> dict[str, Any]:
    """Make the inverse of one exposure's variance no weight at all."""
    with fits.open(truth.files[2], mode="update") as hdus:
        hdus["VAR_RNOISE"].data[:] = 0
    return {"resample": {"weight_type": "ivm"}}


def turned_catalogue(truth: Truth) -> dict[str, Any]:
    """Give tweakreg catalogues of stars, that of one exposure turned by 0.16 degrees about the middle."""
    lines = []
    for number, exposure in enumerate(truth.exposures):
        x, y = exposure.wcs().invert(truth.sky.stars.ra, truth.sky.stars.dec, with_bounding_box=False)
        inside = (x > 5) & (x < 250) & (y > 5) & (y < 250)
        place = (x + 1j * y)[inside] - (128 + 128j)
        place *= np.exp(1j * np.radians(0.16 if number == 2 else 0))
        catalogue = Path(exposure.file).with_suffix(".ecsv").name
        table = Table({"x": place.real + 128, "y": place.imag + 128})
        table.write(truth.folder / catalogue, format="ascii.ecsv")
        lines.append(f"{exposure.file} {catalogue}\n")
    (truth.folder / "catalogues.txt").write_text("".join(lines))
    return {"tweakreg": {"use_custom_catalogs": True, "catfile": str(truth.folder / "catalogues.txt")}}


UNALIGNED = {"tweakreg": {"skip": True}}
SOLVED = {"sky_method": "solution"}
PERFECT = Faults(pointing_error=0.0)
#: Two visits whose exposures do not meet.
FAR: dict[str, Any] = {"n_visits": 2, "visit_step": 60.0, "visit_roll": 0.0, "window": (256, 256)}

#: Raised from numbers alone, in this folder's other tests; no simulated field of this one has given rise to them yet.
ONLY_NUMBERS = {
    *("shifted_only", "groups_disagree"),
    *("parts_disagree", "off_the_known", "turned_groups", "sky_not_anchored"),
}

CASES = {
    "nothing": Case(set()),
    # jwst matches wrong stars, says COMPLETE, and spoils the mosaic.
    "lost guide star": Case(
        {
            "large_shift",
            "few_matches",
            "no_shared_stars",
            "turned_alone",
            "many_flagged",
            "star_cores_flagged",
            "unusable",
        },
        Faults(pointing_error=5.0),
    ),
    "too few stars for tweakreg": Case(
        {"not_aligned"}, Faults(pointing_error=0.0), parameters={"tweakreg": {"minobj": 500}}
    ),
    "empty field": Case(
        {"few_matches", "no_catalogue"},
        scene={"n_stars": 6},
        parameters={"tweakreg": {"minobj": 3}, "source_catalog": {"snr_threshold": 1e9}},
    ),
    "modules shifted": Case({"modules_disagree", "star_cores_flagged"}, Faults(module_error=0.1), plan=TURNED | LONG),
    "detectors shifted": Case(
        {"chips_disagree", "star_cores_flagged"}, Faults(detector_error=0.05), {"n_stars": 25}, plan=TURNED | SHORT
    ),
    "alignment left out": Case(
        {"offsets_left", "star_cores_flagged"}, Faults(pointing_error=0.3), parameters=UNALIGNED
    ),
    "one level for all": Case({"sky_steps"}, Faults(sky_offset=0.1), options={"skymatch_group_dithers": ["miri"]}),
    "wrong guide star": Case(
        {
            "no_shared_stars",
            "turned_alone",
            "large_shift",
            "offsets_left",
            "many_flagged",
            "star_cores_flagged",
            "unusable",
        },
        scene={"random_stars": True},
        plan={"n_visits": 2, "n_dithers": 2, "window": (256, 256), "wrong_guide_star": 9.3},
    ),
    "wrong guide star, one solution": Case(
        {"displaced_groups", "large_shift"},
        scene={"random_stars": True},
        plan={"n_visits": 2, "n_dithers": 2, "window": (256, 256), "wrong_guide_star": 9.3},
        options={"alignment": "solution"},
    ),
    "nothing to tie, one solution": Case(
        {"not_aligned", "untied"}, plan=FAR | {"n_dithers": 1}, options={"alignment": "solution"}
    ),
    "roll not corrected": Case(
        {"offsets_left"},
        Faults(roll_error=0.1),
        {"random_stars": True},
        parameters={"tweakreg": {"fitgeometry": "shift"}},
    ),
    "roll corrected": Case(set(), Faults(roll_error=0.1), {"random_stars": True}),
    "turned catalogue": Case({"turned_alone", "offsets_left"}, spoil=turned_catalogue),
    "no weight": Case({"adds_nothing"}, spoil=no_read_noise),
    "emission taken for sky": Case(
        {"sky_made_worse", "sky_steps"},
        Faults(pointing_error=0.0, sky_offset=0.0, masked_parts=((0, 0.22, 0, 0.75), (0.22, 0.25, 0, 1))),
        {"diffuse_peak": 0.0, "emission_peak": 30.0},
        plan=FAR | {"n_visits": 3, "n_dithers": 1, "visit_step": 14.0},
        parameters=UNALIGNED,
    ),
    "a gap in the field": Case(
        {"sky_apart"}, PERFECT, plan=FAR | {"n_dithers": 2}, parameters=UNALIGNED, options=SOLVED
    ),
    "nothing shared": Case({"sky_untied"}, PERFECT, plan=FAR | {"n_dithers": 1}, parameters=UNALIGNED, options=SOLVED),
    "a plane from a strip": Case(
        {"sky_constant", "not_verified"},
        PERFECT,
        plan=FAR | {"n_dithers": 1, "visit_step": 24.0, "roll": 67.0},
        parameters=UNALIGNED,
        options=SOLVED | {"sky_order": 1},
    ),
    "shower of cosmic rays": Case(
        {"many_flagged"}, Faults(pointing_error=0.0, n_cosmic_rays=3000), parameters=UNALIGNED
    ),
}
MEASURED = {finding.code for finding in FINDINGS}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_fault_raises_its_caveats_and_no_other(case, crds, tmp_path):
    truth = simulate_observation(tmp_path / "obs", scene=Scene(faults=case.faults, **case.scene), **case.plan)
    parameters = case.parameters | (case.spoil(truth) if case.spoil else {})
    record = run(truth, tmp_path / "out", crds, jwst_parameters=parameters, **case.options)
    # What the preflight foresees is not the matter here.
    assert {caveat["code"] for caveat in record["caveats"]} & MEASURED == case.expected


def test_every_measured_caveat_has_a_fault_that_raises_it():
    assert set().union(*(case.expected for case in CASES.values())) == MEASURED - ONLY_NUMBERS
