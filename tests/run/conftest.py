"""A small run that nobody disturbed: what runs that were cut off, or changed, are compared with."""

import pytest

from app.simulation import simulate_observation
from tests.runs import make_step

#: With what is not in headers of products: planes and levels that are subtracted, and errors that are scaled.
OPTIONS = {
    "outliers": "spare_stars",
    "errors": "rescaled",
    "sky_method": "solution",
    "sky_order": 1,
    "jwst_parameters": {"skymatch": {"subtract": True}},
}


@pytest.fixture(scope="package")
def small(tmp_path_factory):
    """Three MIRI dithers."""
    return simulate_observation(tmp_path_factory.mktemp("small") / "in", n_dithers=3, window=(128, 128))


@pytest.fixture(scope="package")
def undisturbed(small, crds, tmp_path_factory):
    """Folder of a run that nobody disturbs."""
    folder = tmp_path_factory.mktemp("undisturbed") / "out"
    make_step(small, folder, crds, **OPTIONS).do_step()
    return folder
