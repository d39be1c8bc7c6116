"""Which exposures are taken: pointings, visits, dithers, backgrounds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

__all__ = ["TARGET", "PlannedExposure", "plan_grid", "plan_observation"]

#: Centre of the target [deg]: NGC 628. One that moves is there in the first exposure.
TARGET = (24.1739, 15.7836)
GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))
SECONDS_PER_EXPOSURE = 111.0
#: Offset of the background field, far beyond any detector's reach [arcsec].
BACKGROUND_OFFSET = 900.0
#: Fixed, like all times: a seed gives the same bits on any day.
FIRST_EXPOSURE_MJD = 59960.0


@dataclass(frozen=True)
class PlannedExposure:
    """One exposure of all the detectors in use, as it was asked for.

    Parameters
    ----------
    program, observation, visit, visit_group, sequence, activity, exposure : int
        What the name of a JWST file is made of.
    east, north : float
        Offset of the pointing from the target [arcsec].
    roll : float
        Position angle of the V3 axis [deg].
    target_name : str
        The proposer's name of the target.
    is_background : bool
        The field is empty but for stars.
    index : int
        Place in time order, from 0.
    error : (float, float, float)
        What the telescope is off by, beside what is drawn: east, north [arcsec] and roll [deg].
    motion : (float, float) or None
        How far a moving target has come since the first exposure, east and north [arcsec]; the telescope follows it.
    """

    program: int
    observation: int
    visit: int
    visit_group: int
    sequence: int
    activity: int
    exposure: int
    east: float
    north: float
    roll: float
    target_name: str
    is_background: bool = False
    index: int = 0
    error: tuple[float, float, float] = (0.0, 0.0, 0.0)
    motion: tuple[float, float] | None = None

    @property
    def name(self) -> str:
        """Name of the exposure without the detector, ``jw01234001001_02101_00001``."""
        return f"{self.visit_name}_{self.visit_group:02d}{self.sequence:d}{self.activity:02d}_{self.exposure:05d}"

    @property
    def visit_name(self) -> str:
        """Name of the visit, ``jw01234001001``."""
        return f"jw{self.program:05d}{self.observation:03d}{self.visit:03d}"

    @property
    def start_mjd(self) -> float:
        """Start of the exposure [d]; the exposures of a plan follow each other."""
        return FIRST_EXPOSURE_MJD + self.index * SECONDS_PER_EXPOSURE / 86400


def dither_offset(number: int, size: float) -> tuple[float, float]:
    """Offset of a dither, east and north [arcsec]: a sunflower spiral, so that no two share a row or a pixel phase."""
    radius, angle = size * math.sqrt(number), number * GOLDEN_ANGLE
    return radius * math.cos(angle), radius * math.sin(angle)


def plan_observation(
    *,
    target: str,
    program: int = 1234,
    n_observations: int = 1,
    n_visits: int = 1,
    n_activities: int = 1,
    n_dithers: int = 4,
    n_background: int = 0,
    background_as_parallel: bool = False,
    dither_size: float = 1.2,
    visit_step: float = 4.0,
    visit_roll: float = 0.5,
    roll: float = 30.0,
    wrong_guide_star: float = 0.0,
    rate: tuple[float, float] | None = None,
) -> list[PlannedExposure]:
    """Plan one target: observations, their visits and activities, each with its dithers, and the background after.

    Parameters
    ----------
    target : str
    program : int
    n_observations, n_visits, n_activities, n_dithers, n_background : int
        How many; ``n_dithers`` is per activity, ``n_background`` in all.
    background_as_parallel : bool
        Background exposures are parallel ones (sequence id 2), as MIRI's beside a NIRCam prime.
    dither_size : float
        Offset of the first dither [arcsec]; the n-th is sqrt(n) as far.
    visit_step : float
        Offset from one visit to the next [arcsec].
    visit_roll : float
        Turn of the telescope from one visit to the next [deg].
    roll : float
        Position angle of the V3 axis in the first visit [deg].
    wrong_guide_star : float
        How far east of where it believes to be the last visit is [arcsec].
    rate : (float, float), optional
        The target moves, east and north [arcsec/h].
    """
    exposures: list[PlannedExposure] = []
    visits = list(product(range(1, n_observations + 1), range(1, n_visits + 1)))
    for turn, (observation, visit) in enumerate(visits):
        for activity, dither in product(range(1, n_activities + 1), range(n_dithers)):
            # Activities continue the spiral: the same dithers once more would share their pixel phases.
            east, north = dither_offset((activity - 1) * n_dithers + dither, dither_size)
            displaced = wrong_guide_star if turn == len(visits) - 1 else 0.0
            exposures.append(
                PlannedExposure(
                    program, observation, visit, 2, 1, activity, dither + 1,
                    east + turn * visit_step, north + turn * visit_step / 3, roll + turn * visit_roll,
                    target.upper(), index=len(exposures), error=(displaced, 0.0, 0.0),
                )
            )  # fmt: skip
    for number in range(n_background):
        east, north = dither_offset(number, dither_size)
        exposures.append(
            PlannedExposure(
                program, n_observations + 1, 1, 2, 2 if background_as_parallel else 1, 1, number + 1,
                east + BACKGROUND_OFFSET, north, roll,
                f"{target.upper()}-OFF", is_background=True, index=len(exposures),
            )
        )  # fmt: skip
    return [replace(exposure, motion=_motion(exposure, rate)) for exposure in exposures]


def _motion(exposure: PlannedExposure, rate: tuple[float, float] | None) -> tuple[float, float] | None:
    hours = exposure.index * SECONDS_PER_EXPOSURE / 3600
    return None if rate is None else (rate[0] * hours, rate[1] * hours)


def plan_grid(
    *, target: str, n_pointings: int, step: float, n_dithers: int = 2, program: int = 1234, dither_size: float = 1.2,
    roll: float = 30.0,
) -> list[PlannedExposure]:  # fmt: skip
    """Plan a mosaic: pointings in a square grid, one visit each, every one with its dithers.

    Parameters
    ----------
    step : float
        Distance of neighbouring pointings [arcsec]; less than the field of view, so that neighbours overlap.
    """
    exposures: list[PlannedExposure] = []
    for visit, (column, row) in enumerate(_square_grid(n_pointings), start=1):
        for dither in range(n_dithers):
            east, north = dither_offset(dither, dither_size)
            exposures.append(
                PlannedExposure(
                    program, 1, visit, 2, 1, 1, dither + 1,
                    east + column * step, north + row * step, roll, target.upper(), index=len(exposures),
                )
            )  # fmt: skip
    return exposures


def _square_grid(n: int) -> Iterator[tuple[int, int]]:
    """Columns and rows of the first ``n`` places of a square grid."""
    side = math.ceil(math.sqrt(n))
    return ((place % side, place // side) for place in range(n))
