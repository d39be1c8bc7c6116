"""A synthetic cache for all tests of CRDS, and copies of it to spoil."""

import shutil
from pathlib import Path

import pytest

from app.crds.synthetic import make_synthetic_cache


@pytest.fixture(scope="session")
def synthetic_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic cache; not to be changed."""
    return make_synthetic_cache(tmp_path_factory.mktemp("crds") / "synthetic")


@pytest.fixture
def cache(synthetic_cache: Path, tmp_path: Path) -> Path:
    """A copy of the synthetic cache, to be spoiled."""
    return Path(shutil.copytree(synthetic_cache, tmp_path / "cache"))
