"""Copies of the synthetic cache, to be spoiled, and a server of one."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.crds.cache.layout import write_pmap, write_rmap
from tests.crds.server import CrdsServer, crds_server

CONTEXT = "jwst_9001.pmap"
APCORR = "jwst_miri_apcorr_9001.fits"
SPECTRAL = "jwst_miri_apcorr_9002.fits"


@pytest.fixture
def cache(crds_cache: Path, tmp_path: Path) -> Path:
    """A copy of the synthetic cache, to be spoiled."""
    return Path(shutil.copytree(crds_cache, tmp_path / "cache"))


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
