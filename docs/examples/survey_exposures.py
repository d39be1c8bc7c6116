#!/usr/bin/env python
"""Simulate what a small survey downloads: two galaxies in three bands, two visits each, a background beside MIRI's.

python docs/examples/survey_exposures.py MAST

writes ``MAST/<galaxy>/<band>/*_cal.fits`` of JWST's own form, and ``truth.json`` beside them. Each visit is off by some
hundredths of an arcsecond, the same in all bands: what F300M finds holds for the bands that follow it.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from app.simulation import Faults, Scene, simulate_exposures
from app.simulation.emission import Emission
from app.simulation.plan import TARGET, plan_observation
from app.simulation.sky import Blob, Sky, draw_stars

#: Name and number; the second lies ten minutes of arc east of the first.
GALAXIES = {"mock-a": 1, "mock-b": 2}
#: Detector, and columns and rows of its window [pixel]: 12 arcsec of the sky.
BANDS = {"F300M": ("NRCALONG", 192), "F770W": ("MIRIMAGE", 112), "F2100W": ("MIRIMAGE", 112)}
STEP = 600.0  # [arcsec]
HALF = 12 / 3600  # [deg]


def place(number: int) -> tuple[float, float]:
    """Right ascension and declination of a galaxy's centre [deg]."""
    return TARGET[0] + (number - 1) * STEP / 3600 / np.cos(np.radians(TARGET[1])), TARGET[1]


def galaxy(number: int) -> Sky:
    """A nucleus, a disc, clouds along filaments, and stars in front of it."""
    ra, dec = place(number)
    limits = (ra - HALF, ra + HALF, dec - HALF, dec + HALF)
    stars = draw_stars(np.random.default_rng(number), limits, 1.5, (2.0, 100.0), anywhere=True)
    clouds = Emission(ra, dec, peak=3.0, contrast=1.0, shortest=1.5, longest=12.0, seed=number)
    return Sky(stars, (Blob(ra, dec, 3.0, 8.0), Blob(ra, dec, 8.0, 2.0)), clouds)


def main(folder: Path) -> None:
    """Simulate all of it in a folder."""
    faults = Faults(pointing_error=0.0, n_cosmic_rays=20)
    for name, number in GALAXIES.items():
        errors = np.random.default_rng(number).normal(0, 0.05, (2, 2))
        for band, (detector, size) in BANDS.items():
            n_background = 1 if detector == "MIRIMAGE" else 0
            plan = plan_observation(
                target=name, program=1000 + number, n_visits=2, n_dithers=2, n_background=n_background, visit_step=2.0
            )
            exposures = [replace(e, east=e.east + (number - 1) * STEP, error=(*errors[e.visit - 1], 0.0)) for e in plan]
            simulate_exposures(
                folder / name / band, exposures, band=band, detectors=[detector], window=(size, size),
                scene=Scene(faults=faults), sky=galaxy(number), seed=number,
            )  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]))
