"""``action=demo``: a small observation that is simulated, and its mosaic, without network and without data."""

import logging
import os
import shlex
import sys
from pathlib import Path

from app.config.schema import Lv3Config
from app.crds import SYNTHETIC_CONTEXT, CrdsOptions, set_environment
from app.runtime.errors import InputError

__all__ = ["demo"]

log = logging.getLogger(__name__)

#: The folder, where none is given.
FOLDER = "demo"
#: What a simulation writes last, as `app.simulation.truth` names it, which would load crds before it is set up.
TRUTH = "truth.json"


def demo(config: Lv3Config) -> None:
    """Simulate four dithers and two backgrounds of MIRI, then become the command that makes their mosaic.

    Parameters
    ----------
    config : Lv3Config
        Its ``out_dir`` (default ``demo``) is a new folder, or that of a demo; it gets ``exposures``, ``crds``
        and ``mosaic``.

    Raises
    ------
    InputError
        There is something else in the folder.
    """
    folder = Path(config.out_dir or FOLDER).absolute()
    if not (folder / "exposures" / TRUTH).is_file():  # written last
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputError(f"out_dir={folder}: holds something else than a demo; set another out_dir")
        _simulate(folder)
    overrides = [
        *("target=ngc0628", "band=F770W", f"in_dir={folder / 'exposures'}", f"out_dir={folder / 'mosaic'}"),
        *("crds=synthetic", f"crds.path={folder / 'crds'}"),
    ]
    log.info("jwst-lv3 %s", shlex.join(overrides))
    os.execv(sys.executable, [sys.executable, "-m", "app", *overrides])  # noqa: S606 - this program itself


def _simulate(folder: Path) -> None:
    cache = folder / "crds"
    cache.mkdir(parents=True)
    set_environment(CrdsOptions("synthetic", SYNTHETIC_CONTEXT, str(cache)))  # before anything imports crds

    from app.crds.cache.synthetic import make_synthetic_cache
    from app.simulation import simulate_observation

    make_synthetic_cache(cache)
    log.info("simulating four exposures and two of the background in %s", folder / "exposures")
    simulate_observation(folder / "exposures", n_dithers=4, n_background=2, background_as_parallel=True)
