"""What many tests share: a synthetic reference cache and small simulated observations, made once a session."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

from app.crds import SYNTHETIC_CONTEXT, CrdsOptions, set_environment

# Before any test module imports jwst or crds: they remember what they see first. Tests that need another reference
# cache use a process of their own.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
# What a shell starts in the background ignores Ctrl-C, and what nohup starts ignores the end of the terminal.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
_CACHE = tempfile.TemporaryDirectory(prefix="jwst-lv3-crds-")
_CRDS = CrdsOptions(mode="synthetic", context=SYNTHETIC_CONTEXT, path=_CACHE.name)
set_environment(_CRDS)

from app.crds.cache.synthetic import make_synthetic_cache
from app.simulation import Truth, simulate_observation

make_synthetic_cache(Path(_CACHE.name))


@pytest.fixture(autouse=True)
def no_hydra_left() -> Iterator[None]:
    """Hydra can be set up once in a process; a sweep leaves it so, and its jobs need it."""
    yield
    GlobalHydra.instance().clear()


@pytest.fixture(scope="session")
def crds_cache() -> Path:
    """Folder of the synthetic reference cache, which this process's CRDS environment points to."""
    return Path(_CACHE.name)


@pytest.fixture(scope="session")
def crds() -> CrdsOptions:
    """Config group crds for the synthetic cache."""
    return _CRDS


@pytest.fixture(scope="session")
def miri(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    """Four small MIRI dithers and two background exposures taken in parallel."""
    return simulate_observation(
        tmp_path_factory.mktemp("miri"), n_dithers=4, n_background=2, background_as_parallel=True, window=(256, 256)
    )
