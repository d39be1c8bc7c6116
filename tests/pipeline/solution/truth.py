"""Simulated surveys of the truth table, aligned by the solution alone: no mosaic is made."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
from astropy.table import Table
from stdatamodels.jwst import datamodels
from tweakwcs.correctors import JWSTWCSCorrector

from app.observation.tangent_plane import TangentPlane
from app.pipeline.divided.exposure_files import ExposureFile
from app.pipeline.solution.follow import followed
from app.pipeline.solution.motion import correct, motion_between
from app.pipeline.solution.solving import solve_alignment
from app.pipeline.solution.sources import find_centred_sources
from app.plan.catalogue_table import read_catalogue
from app.plan.corrections import Correction
from app.simulation import Faults, Scene, Truth
from app.simulation.detectors import detector, detector_names
from app.simulation.observation import simulate_exposures
from app.simulation.plan import PlannedExposure
from tests.factories import make_exposure
from tests.pipeline.solution.diffraction import diffracted
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
    visit_step: float = 3.0  # [arcsec]
    visit_turn: float = 0.7  # [deg]
    detectors: tuple[str, ...] = ("MIRIMAGE",)
    band: str = "F770W"
    detector_error: float = 0.0
    module_error: float = 0.0
    displaced: float = 0.0  # of the last visit [arcsec]
    turned: float = 0.0  # of the last visit [deg]
    dither_error: float = 0.0
    groupings: tuple[str, ...] = ("exposure",)
    geometries: tuple[str, ...] = ("shift", "rshift")
    catalogue: bool = False
    years: float = 0.0  # since the catalogue's epoch, at 1 mas a year
    apart: bool = False  # what the exposures of one detector have in common cannot be known
    wavelength: float = 0.0  # of stars that are drawn by diffraction [micron]; 0: Gaussians
    seed: int = 1


CASES = {
    "sparse": Case(side=5, density=0.012),
    "sparse, rolled": Case(side=5, density=0.012, roll=0.02, geometries=("rshift",)),
    "dense": Case(side=4),
    "dithers": Case(pointing=0.0, dither_error=0.1, dithers=5, density=0.025, geometries=("rshift",)),
    "displaced": Case(side=3, displaced=9.3, roll=0.02, geometries=("rshift",)),
    "displaced, catalogue": Case(side=3, displaced=9.3, roll=0.02, geometries=("rshift",), catalogue=True),
    "catalogue": Case(side=4, catalogue=True, roll=0.02, geometries=("rshift",)),
    "catalogue, 8 years": Case(side=4, catalogue=True, years=8.0, roll=0.02, geometries=("rshift",)),
    "turned": Case(side=3, turned=0.05, geometries=("rshift",)),
    "turned, catalogue": Case(side=3, turned=0.05, geometries=("rshift",), catalogue=True),
    "chips": Case(
        visits=2, visit_step=32.0, size=None, detectors=CHIPS, band="F200W_nircam", module_error=0.05,
        detector_error=0.02, roll=0.01, groupings=("detector",),
    ),
    "chips apart": Case(
        visits=2, dithers=2, density=0.3, detectors=CHIPS, band="F200W_nircam", module_error=0.05, roll=0.01,
        groupings=("visit", "exposure"), apart=True, visit_turn=0.0,
    ),
    "diffraction, F770W": Case(side=3, wavelength=7.7),
    "diffraction, F200W": Case(side=3, detectors=("NRCB1",), band="F200W_nircam", density=0.4, wavelength=2.0),
    "diffraction, F115W": Case(side=3, detectors=("NRCB1",), band="F115W_nircam", density=0.4, wavelength=1.15),
}  # fmt: skip
#: A band that is aligned, and one that follows it: the same visits, off by the same errors.
LEADER = Case(side=3, roll=0.02, detectors=("NRCBLONG",), band="F300M", density=0.1, geometries=("rshift",))
FOLLOWER = replace(LEADER, detectors=("MIRIMAGE",), band="F770W", size=256, density=0.05)


@dataclass(frozen=True)
class Measured:
    """Offsets from the truth before and after, and places, of corners and middles [arcsec], shape (n, 5, 2).

    Then the number of groups that are tied, the width of the pulls, and displaced groups.
    """

    before: np.ndarray
    off: np.ndarray
    places: np.ndarray
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
        error = (error[0] + case.displaced * is_last, error[1], error[2] + case.turned * is_last)
        for dither in range(case.dithers):
            turn = case.visit_turn * visit
            east, north = column * step + case.visit_step * visit, row * step + case.visit_step * visit
            spread = 25 * pixel * np.array([np.cos(dither * 2.4), np.sin(dither * 2.4)]) * np.sqrt(dither)
            plan.append(
                PlannedExposure(
                    1234, number + 1, 1, 2, 1, 1, dither + 1, east + spread[0], north + spread[1], turn,
                    "NGC0628", index=len(plan), error=tuple(map(float, error)),
                )
            )  # fmt: skip
    faults = Faults(
        pointing_error=case.dither_error, sky_offset=0.0, module_error=case.module_error,
        detector_error=case.detector_error,
    )  # fmt: skip
    scene = Scene(n_stars=max(1, round(case.density * (size * pixel) ** 2)), random_stars=True, faults=faults)
    window = case.size and (case.size, case.size)
    with diffracted(case.wavelength, pixel) if case.wavelength else nullcontext():
        return simulate_exposures(
            folder, plan, band=case.band, detectors=case.detectors, window=window, scene=scene, seed=case.seed
        )


def measured(name: str, folder: Path) -> Iterator[tuple[str, Measured]]:
    """Simulate a case and measure it, for each of its groupings and geometries."""
    case = CASES[name]
    truth = simulate(case, folder)
    opened = [read(path) for path in truth.files]
    step = {"kernel_fwhm": truth.fwhm}
    sources = found(opened, step)
    catalogue = gaia(truth, folder, case.years) if case.catalogue else None
    for grouping, geometry in product(case.groupings, case.geometries):
        parameters = PARAMETERS | step | {"fitgeometry": geometry}
        correctors = [corrector(e, s, group(e, grouping)) for e, s in zip(opened, sources, strict=True)]
        yield f"{grouping} {geometry}", judge(case, truth, correctors, [e.shape for e in opened], parameters, catalogue)


def found(opened: list[ExposureFile], step: dict) -> list[Table]:
    """What the finder finds, as a corrector has it."""
    sources = [find_centred_sources(step, exposure) for exposure in opened]
    for table in sources:
        table.rename_columns(["xcentroid", "ycentroid"], ["x", "y"])
    return sources


def between_bands(folder: Path) -> np.ndarray:
    """How far corners and middles of exposures that follow are from where those they follow are [arcsec]."""
    ahead, behind = simulate(LEADER, folder / "ahead"), simulate(FOLLOWER, folder / "behind")
    opened = [read(path) for path in ahead.files]
    step = {"kernel_fwhm": ahead.fwhm}
    leaders = [corrector(e, s, group(e, "exposure")) for e, s in zip(opened, found(opened, step), strict=True)]
    before = [c.wcs for c in leaders]
    solved = solve_alignment(leaders, [e.shape for e in opened], PARAMETERS | step, 30.0)
    rows = []
    for exposure, wcs, aligned in zip(opened, before, leaders, strict=True):
        motion, name = motion_between(wcs, aligned.wcs, exposure.shape), aligned.meta["group_id"]
        where = exposure.path.name, name.split("_")[0], LEADER.detectors[0], name
        rows.append(Correction(*where, motion.ra, motion.dec, motion.values, *solved.by_group[name]))
    followers = []
    for exposure in map(read, behind.files):
        followers.append(corrector(exposure, None, ""))
        ra, dec = followers[-1].det_to_world(*(np.array(exposure.shape[::-1]) / 2))
        motion = followed(rows, make_exposure(exposure.path.name), float(ra), float(dec))
        correct(followers[-1], motion, exposure.shape)
    (off, places), (of_leaders, _) = offsets(behind, followers), offsets(ahead, leaders)
    # The middles of the two detectors are apart on the sky: what a rotation of all does there cannot be known.
    return without_common(off, places)[:, 4] - without_common(of_leaders, places)[:, 4]


def read(path: Path) -> ExposureFile:
    """An exposure as the steps hand it on."""
    with datamodels.open(path) as model:
        return ExposureFile.of(path, model)


def group(exposure: ExposureFile, grouping: str) -> str:
    """Its group."""
    visit, activity, number, chip = exposure.path.stem.split("_")[:4]
    return {"visit": visit, "detector": f"{visit}_{chip}", "exposure": f"{visit}_{activity}_{number}"}[grouping]


def corrector(exposure: ExposureFile, sources, group_id: str) -> JWSTWCSCorrector:
    """A corrector as tweakreg makes it."""
    meta = exposure.tree["meta"]
    info = {name: meta["wcsinfo"][name] for name in ("roll_ref", "v2_ref", "v3_ref")}
    return JWSTWCSCorrector(meta["wcs"], info, {"catalog": sources, "group_id": group_id})


def judge(case: Case, truth: Truth, correctors, shapes, parameters, catalogue) -> Measured:
    """Align, and compare with the truth."""
    before = offsets(truth, correctors)[0]
    solved = solve_alignment(correctors, shapes, parameters, 30.0, catalogue)
    off, places = offsets(truth, correctors)
    aligned = solved.aligned
    chips = np.array([exposure.detector if case.apart else "" for exposure in truth.exposures])
    if not case.catalogue:  # what groups that are tied to each other have in common cannot be known
        labels = dict(zip([g.name for g in aligned.groups], aligned.fit.components, strict=True))
        sets = np.array([labels[c.meta["group_id"]] for c in correctors])
        for label in np.unique(sets):
            for part in (before, off):
                members = sets == label
                part[members] = without_common(part[members], places[members], chips[members])
    errors = {aligned.groups[i].name: aligned.fit.errors[i, :2] for i in aligned.tied}
    names = [c.meta["group_id"] for c in correctors]
    pulls = [o[4] / errors[name] for o, name in zip(off, names, strict=True) if name in errors]
    displaced = {aligned.groups[i].name: shift for i, shift in aligned.displaced.items()}
    return Measured(before, off, places, len(aligned.tied), float(np.std(pulls)), displaced)


def offsets(truth: Truth, correctors) -> tuple[np.ndarray, np.ndarray]:
    """Where corners and middle of the exposures are, less where they should be, and that [arcsec], shape (n, 5, 2)."""
    off, places = [], []
    plane = TangentPlane(*map(float, truth.exposures[0].wcs()(0, 0, with_bounding_box=False)))
    for exposure, aligned in zip(truth.exposures, correctors, strict=True):
        ny, nx = exposure.window.shape
        x, y = np.array([(0, 0), (nx, 0), (nx, ny), (0, ny), (nx / 2, ny / 2)]).T - 0.5
        places.append(plane.from_sky(*exposure.wcs()(x, y, with_bounding_box=False)))
        off.append(plane.from_sky(*aligned.wcs(x, y, with_bounding_box=False)) - places[-1])
    return np.array(off), np.array(places)


def gaia(truth: Truth, folder: Path, years: float):
    """A catalogue of half the stars: 5 mas errors, 30 % of the rows wrong, some years before, at 1 mas a year."""
    rng = np.random.default_rng(9)
    stars = truth.sky.stars
    chosen = rng.random(len(stars.ra)) < 0.5
    wrong = rng.random(chosen.sum()) < 0.3
    motions = rng.normal(0, 1.0, (chosen.sum(), 2))
    error = rng.normal(0, 5.0, (chosen.sum(), 2)) + rng.normal(0, 300.0, (chosen.sum(), 2)) * wrong[:, None]
    east, north = (error - motions * years).T / 3.6e6
    dec = stars.dec[chosen]
    columns = {"ra": stars.ra[chosen] + east / np.cos(np.radians(dec)), "dec": dec + north}
    columns |= dict.fromkeys(("ra_error", "dec_error"), np.full(len(dec), 5.0))
    columns |= {"pmra": motions[:, 0], "pmdec": motions[:, 1], "ref_epoch": np.full(len(dec), 2016.0)}
    Table(columns).write(folder / "gaia.ecsv")
    moved = read_catalogue(folder / "gaia.ecsv").at(2016.0 + years)
    return moved.positions, np.sqrt(np.mean(moved.errors**2, axis=1)) / 1000
