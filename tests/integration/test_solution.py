"""alignment=solution against the truth, on fields of many pointings, on a sky that is no grid of stars."""

import math
from itertools import product

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS
from stdatamodels.jwst import datamodels

from app.observation.tangent_plane import TangentPlane
from app.simulation import Faults, Scene
from app.simulation.observation import simulate_exposures
from app.simulation.plan import PlannedExposure
from tests.pipeline.solution.fields import without_common
from tests.runs import run

PIXEL = 0.11  # [arcsec] MIRI
SKIP = {step: {"skip": True} for step in ("skymatch", "resample", "source_catalog")}


def survey(folder, *, side, size, overlap, density, seed=1, roll=0.02, pointing=0.08, dithers=1, band="F770W"):
    """A square grid of MIRI pointings, each an observation of its own, off by so much [arcsec an axis, deg]."""
    rng = np.random.default_rng(seed)
    step = (1 - overlap) * size * PIXEL
    plan = []
    for number, (column, row) in enumerate(product(range(side), repeat=2)):
        error = (*rng.normal(0, pointing, 2), rng.normal(0, roll))
        for dither in range(dithers):
            plan.append(
                PlannedExposure(
                    1234, number + 1, 1, 2, 1, 1, dither + 1, column * step + 0.9 * dither, row * step + 0.7 * dither,
                    0.0, "NGC0628", index=len(plan), error=tuple(map(float, error)),
                )
            )  # fmt: skip
    n_stars = max(1, round(density * (size * PIXEL) ** 2))
    sky = Scene(n_stars=n_stars, random_stars=True, faults=Faults(pointing_error=0.0, sky_offset=0.0))
    return simulate_exposures(folder, plan, band=band, window=(size, size), scene=sky, seed=seed)


def residuals(truth, out_dir, common=True):
    """Where corners and middle of each exposure are, less where they should be [arcsec], shape (n, 5, 2)."""
    off, places = [], []
    for exposure in truth.exposures:
        ny, nx = exposure.window.shape
        x, y = np.array([(0, 0), (nx, 0), (nx, ny), (0, ny), (nx / 2, ny / 2)]).T - 0.5
        right = exposure.wcs()(x, y, with_bounding_box=False)
        plane = TangentPlane(*map(float, truth.exposures[0].wcs()(0, 0, with_bounding_box=False)))
        with datamodels.open(out_dir / exposure.file.replace("_cal", "_crf")) as model:
            found = model.meta.wcs(x, y, with_bounding_box=False)
        places.append(plane.from_sky(*right))
        off.append(plane.from_sky(*found) - places[-1])
    off, places = np.array(off), np.array(places)
    return without_common(off, places) if common else off


def rms(off):
    return math.sqrt(np.mean(np.sum(off**2, axis=-1)))


@pytest.fixture(scope="module")
def sparse(tmp_path_factory):
    return survey(tmp_path_factory.mktemp("sparse"), side=3, size=256, overlap=0.25, density=0.03)


@pytest.fixture(scope="module")
def solved(sparse, tmp_path_factory, crds):
    folder = tmp_path_factory.mktemp("solved")
    return run(sparse, folder, crds, alignment="solution", jwst_parameters=SKIP), folder


def test_a_sparse_survey_is_aligned_as_one(sparse, solved):
    assert np.std([e.pointing_error for e in sparse.exposures]) > 0.05  # there was something to find
    assert rms(residuals(sparse, solved[1])) < 0.006


@pytest.mark.filterwarnings("ignore::astropy.wcs.FITSFixedWarning")
def test_files_say_what_tweakreg_would_have_said(sparse, solved):
    for exposure in sparse.exposures:
        path = solved[1] / exposure.file.replace("_cal", "_crf")
        with datamodels.open(path) as model:
            assert model.meta.cal_step.tweakreg == "COMPLETE"
            assert "v2v3corr" in model.meta.wcs.available_frames
            corners = np.array(model.meta.wcsinfo.s_region.split()[2:], dtype=float).reshape(-1, 2)
            np.testing.assert_allclose(np.sort(corners, axis=0), np.sort(model.meta.wcs.footprint(), axis=0), atol=1e-7)
            middle = model.meta.wcs(128, 128)
        sip = WCS(fits.getheader(path, "SCI")).all_pix2world([[128, 128]], 0)[0]
        np.testing.assert_allclose(sip, middle, atol=0.02 * PIXEL / 3600)


def test_the_table_says_how_each_exposure_was_moved(sparse, solved):
    table = Table.read(solved[1] / "lv3_alignment.ecsv")
    assert "lv3_alignment.ecsv" in [product["file"] for product in solved[0]["products"]]
    assert table["file"].tolist() == [e.file for e in sparse.exposures]
    off = np.stack([table["east"], table["north"]], axis=1) - [e.pointing_error for e in sparse.exposures]
    assert np.std(off, axis=0).max() < 0.02  # beside what all have in common, a rotation among it
    assert all(table["moved"])
    assert all(table["n_stars"] >= 2)
    assert 0.0003 < np.median(table["error"]) < 0.006


def test_the_record_has_errors_and_a_verdict(solved):
    record = solved[0]
    groups = record["alignment"]["groups"]
    assert len(groups) == 9
    assert all(g["tied"] and set(g["errors"]) == {"east", "north", "rotation"} for g in groups)
    judged = record["alignment_verdict"]  # by overlaps with four stars or more, of which there are few here
    assert judged["verdict"] == "could not be verified"
    assert "share too few stars with the others" in judged["reason"]
    assert judged["is_relative"]
    assert 0 < judged["n_compared"] < judged["n_overlaps"]


def test_the_solution_does_not_depend_on_the_number_of_processes(sparse, solved, tmp_path, crds):
    run(sparse, tmp_path, crds, procs=2, alignment="solution", jwst_parameters=SKIP)
    one, other = (Table.read(folder / "lv3_alignment.ecsv") for folder in (solved[1], tmp_path))
    assert all(one[name].tolist() == other[name].tolist() for name in one.colnames)


def test_another_band_follows_without_looking_for_sources(sparse, solved, tmp_path, crds, monkeypatch):
    follower = survey(tmp_path / "other", side=3, size=256, overlap=0.25, density=0.03, band="F1000W")
    monkeypatch.setattr("app.pipeline.steps.tweakreg.find_sources", None)
    options = {"alignment": "from_run", "align_from": str(solved[1]), "jwst_parameters": SKIP}
    record = run(follower, tmp_path / "out", crds, **options)
    off = residuals(follower, tmp_path / "out", common=False) - residuals(sparse, solved[1], common=False)
    assert np.hypot(*off.reshape(-1, 2).T).max() < 0.002
    assert (
        np.std(residuals(sparse, solved[1], common=False)) < 0.05 < np.std([e.pointing_error for e in sparse.exposures])
    )
    assert "alignment" not in record
    (known,) = record["alignment_verdict"]["against"]  # the run that is followed skipped its catalogue
    assert (known["kind"], known["n_compared"], "no source catalogue" in known["reason"]) == ("followed", 0, True)


def test_with_a_catalogue_all_are_on_the_sky(miri, tmp_path, crds):
    rng = np.random.default_rng(5)
    stars = miri.sky.stars
    table = Table({"RA": stars.ra, "DEC": stars.dec + rng.normal(0, 0.002, len(stars.ra)) / 3600})
    table["ra_error"] = table["dec_error"] = np.full(len(table), 2.0)  # [mas]
    table["DEC"][rng.random(len(table)) < 0.3] += 0.3 / 3600
    table.write(tmp_path / "gaia.ecsv")
    parameters = SKIP | {"tweakreg": {"abs_refcat": str(tmp_path / "gaia.ecsv")}}
    record = run(miri, tmp_path / "out", crds, alignment="solution", jwst_parameters=parameters)
    assert all(group["on_sky"] for group in record["alignment"]["groups"])
    judged = record["alignment_verdict"]
    assert (judged["verdict"], judged["is_relative"]) == ("verified", False)
    (known,) = judged["against"]
    assert (known["kind"], known["n_compared"]) == ("catalogue", known["n_groups"])
    assert known["worst"] < 0.003
    for exposure in [e for e in miri.exposures if not e.is_background]:
        x, y = np.array([(0, 0), (255, 0), (255, 255), (0, 255)]).T
        plane = TangentPlane(*map(float, exposure.wcs()(0, 0)))
        with datamodels.open(tmp_path / "out" / exposure.file.replace("_cal", "_crf")) as model:
            off = plane.from_sky(*model.meta.wcs(x, y)) - plane.from_sky(*exposure.wcs()(x, y))
            assert model.meta.wcs.name.startswith("FIT-LVL3-")
        assert np.hypot(*off.T).max() < 0.005
