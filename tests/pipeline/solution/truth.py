"""Simulated surveys of the truth table, aligned by the solution alone: no mosaic is made."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from stdatamodels.jwst import datamodels
from tweakwcs.correctors import JWSTWCSCorrector

from app.observation.tangent_plane import TangentPlane
from app.pipeline.divided.exposures import Exposure, without_arrays
from app.pipeline.solution.solving import solve_alignment
from app.pipeline.solution.sources import find_centred_sources
from app.simulation import Faults, Scene, Truth
from app.simulation.detectors import detector, detector_names
from app.simulation.observation import simulate_exposures
from app.simulation.plan import PlannedExposure
from tests.pipeline.solution.fields import without_common

PARAMETERS = {"fitgeometry": "rshift", "searchrad": 2.0, "abs_searchrad": 6.0}
CHIPS = detector_names("NIRCAM", "SHORT")


@dataclass(frozen=True)
class Case:
    """A survey: a square grid of pointings, each a visit off by errors an axis [arcsec, deg]."""

    side: int = 1
    size: int | None = 512
    overlap: float = 0.18
    density: float = 0.05  # [1/arcsec2]
    pointing: float = 0.08
    roll: float = 0.0
    dithers: int = 1
    visits: int = 1
    detectors: tuple[str, ...] = ("MIRIMAGE",)
    band: str = "F770W"
    detector_error: float = 0.0
    module_error: float = 0.0
    gap: bool = False  # no stars in the middle pointing
    displaced: float = 0.0  # of the last visit [arcsec]
    dither_error: float = 0.0
    groupings: tuple[str, ...] = ("exposure",)
    geometries: tuple[str, ...] = ("shift", "rshift")
    catalogue: bool = False
    seed: int = 1


CASES = {
    "sparse": Case(side=5, density=0.012),
    "sparse, rolled": Case(side=5, density=0.012, roll=0.02, geometries=("rshift",)),
    "dense": Case(side=4),
    "dithers": Case(pointing=0.0, dither_error=0.1, dithers=5, density=0.025, geometries=("rshift",)),
    "displaced": Case(side=3, displaced=9.3, roll=0.02, geometries=("rshift",)),
    "displaced, catalogue": Case(side=3, displaced=9.3, roll=0.02, geometries=("rshift",), catalogue=True),
    "catalogue": Case(side=4, catalogue=True, roll=0.02, geometries=("rshift",)),
    "chips": Case(
        side=1, visits=2, dithers=4, size=512, density=0.5, detectors=CHIPS, band="F200W_nircam", module_error=0.05,
        detector_error=0.02, roll=0.01, groupings=("detector", "visit", "exposure"), geometries=("rshift",),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """Offsets from the truth [arcsec], shape (n, 5, 2), groups that are tied, width of the pulls, displaced groups."""

    off: np.ndarray
    tied: int
    pulls: float
    displaced: dict


def simulate(case: Case, folder: Path) -> Truth:
    """Simulate the exposures of a case."""
    rng = np.random.default_rng(case.seed)
    first = detector(case.detectors[0])
    pixel = float(np.sqrt(first.pixel_area))
    size = case.size or first.size[0]
    step = (1 - case.overlap) * size * pixel
    plan = []
    for number, (visit, column, row) in enumerate(product(range(case.visits), range(case.side), range(case.side))):
        is_last = number == case.visits * case.side**2 - 1
        error = (*rng.normal(0, case.pointing, 2), rng.normal(0, case.roll))
        error = (error[0] + case.displaced * is_last, *error[1:])
        for dither in range(case.dithers):
            east, north = column * step + 3.1 * visit, row * step + 1.7 * visit
            spread = 25 * pixel * np.array([np.cos(dither * 2.4), np.sin(dither * 2.4)]) * np.sqrt(dither)
            plan.append(
                PlannedExposure(
                    1234, number + 1, 1, 2, 1, 1, dither + 1, east + spread[0], north + spread[1], 0.7 * visit,
                    "NGC0628", index=len(plan), error=tuple(map(float, error)),
                )
            )  # fmt: skip
    faults = Faults(
        pointing_error=case.dither_error, sky_offset=0.0, module_error=case.module_error,
        detector_error=case.detector_error,
    )  # fmt: skip
    scene = Scene(n_stars=max(1, round(case.density * (size * pixel) ** 2)), random_stars=True, faults=faults)
    window = case.size and (case.size, case.size)
    return simulate_exposures(
        folder, plan, band=case.band, detectors=case.detectors, window=window, scene=scene, seed=case.seed
    )


def measured(name: str, folder: Path) -> Iterator[tuple[str, Measured]]:
    """Simulate a case and measure it, for each of its groupings and geometries."""
    case = CASES[name]
    truth = simulate(case, folder)
    opened = [read(path) for path in truth.files]
    step = {"kernel_fwhm": truth.fwhm}
    sources = [find_centred_sources(step, exposure) for exposure in opened]
    for catalogue in sources:
        catalogue.rename_columns(["xcentroid", "ycentroid"], ["x", "y"])
    for grouping, geometry in product(case.groupings, case.geometries):
        parameters = PARAMETERS | step | {"fitgeometry": geometry}
        correctors = [corrector(e, s, group(e, grouping)) for e, s in zip(opened, sources, strict=True)]
        yield f"{grouping} {geometry}", judge(case, truth, correctors, [e.shape for e in opened], parameters)


def read(path: Path) -> Exposure:
    """An exposure as the steps hand it on."""
    with datamodels.open(path) as model:
        return Exposure(path, without_arrays(model.instance), model.shape)


def group(exposure: Exposure, grouping: str) -> str:
    """Its group."""
    visit, activity, number, chip = exposure.path.stem.split("_")[:4]
    return {"visit": visit, "detector": f"{visit}_{chip}", "exposure": f"{visit}_{activity}_{number}"}[grouping]


def corrector(exposure: Exposure, sources, group_id: str) -> JWSTWCSCorrector:
    """A corrector as tweakreg makes it."""
    meta = exposure.tree["meta"]
    info = {name: meta["wcsinfo"][name] for name in ("roll_ref", "v2_ref", "v3_ref")}
    return JWSTWCSCorrector(meta["wcs"], info, {"catalog": sources, "group_id": group_id})


def judge(case: Case, truth: Truth, correctors, shapes, parameters) -> Measured:
    """Align, and compare with the truth."""
    reference = gaia(truth) if case.catalogue else None
    solved = solve_alignment(correctors, shapes, parameters, 30.0, reference)
    off, places = [], []
    for exposure, aligned in zip(truth.exposures, correctors, strict=True):
        ny, nx = exposure.window.shape
        x, y = np.array([(0, 0), (nx, 0), (nx, ny), (0, ny), (nx / 2, ny / 2)]).T - 0.5
        plane = TangentPlane(*map(float, truth.exposures[0].wcs()(0, 0, with_bounding_box=False)))
        places.append(plane.from_sky(*exposure.wcs()(x, y, with_bounding_box=False)))
        off.append(plane.from_sky(*aligned.wcs(x, y, with_bounding_box=False)) - places[-1])
    off = np.array(off) if case.catalogue else without_common(np.array(off), np.array(places))
    aligned = solved.aligned
    errors = {aligned.groups[i].name: aligned.fit.errors[i, :2] for i in aligned.tied}
    pulls = [
        o[4] / errors[c.meta["group_id"]] for o, c in zip(off, correctors, strict=True) if c.meta["group_id"] in errors
    ]
    displaced = {aligned.groups[i].name: shift for i, shift in aligned.displaced.items()}
    return Measured(off, len(aligned.tied), float(np.std(pulls)), displaced)


def gaia(truth: Truth):
    """A catalogue of half the stars: 5 mas errors, and 30 % of the rows wrong."""
    rng = np.random.default_rng(9)
    stars = truth.sky.stars
    chosen = rng.random(len(stars.ra)) < 0.5
    wrong = rng.random(chosen.sum()) < 0.3
    error = rng.normal(0, 0.005, (chosen.sum(), 2)) + rng.normal(0, 0.3, (chosen.sum(), 2)) * wrong[:, None]
    ra = stars.ra[chosen] + error[:, 0] / 3600 / np.cos(np.radians(stars.dec[chosen]))
    return np.stack([ra, stars.dec[chosen] + error[:, 1] / 3600], axis=1), np.full(chosen.sum(), 0.005)
