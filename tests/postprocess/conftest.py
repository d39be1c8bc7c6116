"""Finished runs with all that is made after the mosaic, and the products of one exposure together."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from app.postprocess.mosaic import Mosaic, read_mosaic
from tests.runs import run

MOSAIC = "ngc0628_miri_lv3_f770w_i2d.fits"


class Finished(NamedTuple):
    """A finished run: its folder, and its record as it was at the end."""

    folder: Path
    record: dict

    @property
    def resample(self) -> dict:
        """Parameters of the resample step."""
        return self.record["parameters"]["steps"]["resample"]

    def files(self, kind: str) -> list[Path]:
        """Files of a kind, ``crf``, ``i2d_single`` or ``i2d_blot``, in the order of the exposures."""
        return sorted(self.folder.glob(f"jw*_{kind}.fits"))

    def mosaic(self) -> Mosaic:
        """The mosaic, as post-processing reads it."""
        checksums = {product["file"]: product["sha256"] for product in self.record["products"]}
        return read_mosaic(self.folder / MOSAIC, checksums[MOSAIC])

    def copy(self, folder: Path, *without: str) -> "Finished":
        """A copy of the run, without the products that match these patterns."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns(*without))
        return Finished(folder, self.record)


@pytest.fixture(scope="session")
def finished(miri, crds, tmp_path_factory) -> Finished:
    """A run by jwst's own parameters, with drizzled and blotted exposures."""
    folder = tmp_path_factory.mktemp("postprocess") / "out"
    return Finished(folder, run(miri, folder, crds, do_drizzle=True, do_blot=True, procs=2))


@pytest.fixture(scope="session")
def unlike(miri, crds, tmp_path_factory) -> Finished:
    """A run that differs in all that changes a pixel: kernel, pixels, weights, fill value, sky, outliers, memory."""
    folder = tmp_path_factory.mktemp("unlike") / "out"
    resample = {
        "kernel": "turbo",
        "pixfrac": 0.7,
        "weight_type": "exptime",
        "fillval": "0",
        "pixel_scale_ratio": 0.6,
        "rotation": 20.0,
        "propagate_dq": True,
        "pixmap_stepsize": 20,
        "pixmap_order": 3,
    }
    parameters = {
        "resample": resample,
        "skymatch": {"skymethod": "global+match", "subtract": True},
        "outlier_detection": {"skip": True},
        "source_catalog": {"skip": True},
    }
    record = run(
        miri, folder, crds, jwst_parameters=parameters, memory="lean",
        do_drizzle=True, do_blot=True, drizzle_footprint_only=True, blot_fillval=-99,
    )  # fmt: skip
    return Finished(folder, record)


@pytest.fixture(scope="session")
def wide_kernel(miri, crds, tmp_path_factory) -> Finished:
    """A run with a kernel of six pixels and negative weights, for which jwst's own implementation makes the mosaic."""
    folder = tmp_path_factory.mktemp("wide_kernel") / "out"
    parameters = {"resample": {"kernel": "lanczos3"}, "source_catalog": {"skip": True}}
    return Finished(folder, run(miri, folder, crds, jwst_parameters=parameters, do_drizzle=True, procs=2))


@pytest.fixture(params=["finished", "unlike"])
def any_run(request) -> Finished:
    """Each of the runs."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def later(finished, tmp_path) -> Finished:
    """A copy of a finished run whose drizzled and blotted exposures are gone."""
    return finished.copy(tmp_path / "later", "*_i2d_single.fits", "*_i2d_blot.fits")
