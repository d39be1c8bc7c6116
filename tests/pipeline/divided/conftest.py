"""Small observations on which the division of work shows."""

import pytest

from app.simulation import Truth, simulate_grid, simulate_observation


@pytest.fixture(scope="session")
def dithers(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    """Three dithers of one field."""
    return simulate_observation(tmp_path_factory.mktemp("dithers"), window=(160, 128), n_dithers=3)


@pytest.fixture(scope="session")
def nircam(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    """Two dithers of two detectors, one group each."""
    folder = tmp_path_factory.mktemp("nircam")
    return simulate_observation(folder, band="F200W", detectors=("NRCA1", "NRCA2"), window=(160, 128), n_dithers=2)


@pytest.fixture(scope="session")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    """Four pointings that meet at their edges, two dithers each."""
    return simulate_grid(tmp_path_factory.mktemp("grid"), n_pointings=4, n_dithers=2, window=(128, 128))
