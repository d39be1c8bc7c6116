"""Simulate a small observation, make its mosaic, compare it with the numbers in ``expected.json``."""

import json
import logging
import os
import platform
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from app.config.schema import Lv3Config
from app.crds import SYNTHETIC_CONTEXT, CrdsOptions, check_manifest, set_environment
from app.runtime.errors import Lv3Error

__all__ = ["EXPECTED", "make_mosaic", "selftest"]

log = logging.getLogger(__name__)

EXPECTED = Path(__file__).with_name("expected.json")
VERSIONS = ("jwst-lv3", "jwst", "stcal", "crds", "numpy", "scipy", "astropy", "drizzle", "hydra-core")


def selftest(config: Lv3Config) -> None:
    """Check this installation: reference files, then a mosaic from simulated exposures.

    Parameters
    ----------
    config : Lv3Config
        Its ``work_dir`` (default the system's temporary folder), ``procs`` and ``crds`` are used.

    Raises
    ------
    CrdsError
        The reference files are not what their manifest says.
    Lv3Error
        The mosaic differs from the expected one by more than `numbers.TOLERANCE`.
    """
    started = time.monotonic()
    _log_versions()
    _check_references(config.crds)
    with tempfile.TemporaryDirectory(prefix="jwst-lv3-selftest-", dir=config.work_dir) as folder:
        mosaic = make_mosaic(Path(folder), config.procs)
        _compare(mosaic)
    log.info("self-test passed in %.0f s", time.monotonic() - started)


def _log_versions() -> None:
    log.info("Python %s on %s", platform.python_version(), platform.platform())
    log.info("%s", ", ".join(f"{name} {version(name)}" for name in VERSIONS))


def _check_references(options: CrdsOptions) -> None:
    """Check the cache that runs will use, if there is one; the self-test's mosaic has a made-up one of its own."""
    cache = options.path or os.environ.get("CRDS_PATH")
    if not cache:
        log.info("reference files: CRDS_PATH and crds.path are not set, nothing to check")
    elif options.mode != "server" and options.check_manifest:
        check_manifest(Path(cache))
        log.info("reference files: %s in %s, as in the manifest", options.context, cache)


def make_mosaic(folder: Path, procs: int | None = None) -> Path:
    """Simulate four dithers and two backgrounds of MIRI, and make their mosaic.

    Parameters
    ----------
    folder : pathlib.Path
        An empty folder; some 30 MB are written.
    procs : int, optional
        Processes; default as many as there are cores.

    Returns
    -------
    pathlib.Path
        The ``*_i2d.fits`` file.
    """
    for key in [key for key in os.environ if key.startswith("CRDS_")]:
        del os.environ[key]  # the caller's, which were checked before; set_environment would warn that it replaces them
    cache = folder / "crds"
    cache.mkdir()
    options = CrdsOptions("synthetic", SYNTHETIC_CONTEXT, str(cache))
    set_environment(options)  # before anything imports crds

    from app.crds.cache.synthetic import make_synthetic_cache
    from app.run.step import Lv3Step
    from app.simulation import simulate_observation

    make_synthetic_cache(cache)
    simulate_observation(
        folder / "in", n_dithers=4, n_background=2, background_as_parallel=True, window=(256, 256), target="selftest"
    )
    step = Lv3Step("selftest", "F770W", folder / "in", folder / "out", procs=procs, crds=options)
    step.do_step()
    return folder / "out" / f"{step.plan.product}_i2d.fits"


def _compare(mosaic: Path) -> None:
    from app.cli.selftest.numbers import TOLERANCE, different, measure, unequal

    measured, expected = measure(mosaic), json.loads(EXPECTED.read_text(encoding="ascii"))
    if problems := different(measured, expected):
        raise Lv3Error(["the self-test's mosaic is not the expected one", *problems])
    rounded = unequal(measured, expected)
    log.info(
        "mosaic: as expected, %s",
        f"within {TOLERANCE:.0e}; {', '.join(rounded)} not to the bit: this processor rounds differently"
        if rounded
        else "equal to the bit",
    )
