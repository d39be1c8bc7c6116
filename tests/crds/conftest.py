"""A synthetic cache for all tests of CRDS, copies of it to spoil, and a server of it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.crds.layout import write_pmap, write_rmap
from app.crds.synthetic import make_synthetic_cache
from tests.crds.server import CrdsServer, crds_server

CONTEXT = "jwst_9001.pmap"
APCORR = "jwst_miri_apcorr_9001.fits"
SPECTRAL = "jwst_miri_apcorr_9002.fits"


@pytest.fixture(scope="session")
def synthetic_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic cache; not to be changed."""
    return make_synthetic_cache(tmp_path_factory.mktemp("crds") / "synthetic")


@pytest.fixture
def cache(synthetic_cache: Path, tmp_path: Path) -> Path:
    """A copy of the synthetic cache, to be spoiled."""
    return Path(shutil.copytree(synthetic_cache, tmp_path / "cache"))


@pytest.fixture
def server(cache: Path) -> Iterator[CrdsServer]:
    """A server with an official-looking context, in which MIRI has an aperture correction for spectra too."""
    mappings, references = cache / "mappings/jwst", cache / "references/jwst/miri"
    imaps = {name: f"jwst_{name}_9001.imap" for name in ("miri", "nircam", "niriss")}
    write_pmap(mappings / CONTEXT, imaps, "test")
    (mappings / "jwst_synthetic_0001.pmap").unlink()
    (references / SPECTRAL).write_bytes(b"not for images")
    rules = {"MIR_IMAGE|MIR_LYOT": APCORR, "MIR_MRS": SPECTRAL}
    write_rmap(mappings / "jwst_miri_apcorr_9001.rmap", "miri", "apcorr", rules, "test")
    with crds_server(cache, CONTEXT) as server:
        yield server
