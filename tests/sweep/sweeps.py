"""Sweeps for tests: command lines, and records of jobs that never ran."""

import json
from pathlib import Path
from typing import Any

from hydra.core.global_hydra import GlobalHydra

from app.config.hydra_internals import parse_arguments
from app.sweep.points import Composer

RECORD = {
    "schema": 1,
    "state": "success",
    "started": "2026-11-22T10:00:00+00:00",
    "finished": "2026-11-22T10:03:00+00:00",
    "duration": 180.0,
    "config": {},
    "command": ["target=ngc0628", "band=F770W"],
    "inputs": [{"file": "/data/a_cal.fits", "role": "science"}, {"file": "/data/b_cal.fits", "role": "background"}],
    "products": [{"file": "mosaic_i2d.fits"}],
    "caveats": [],
    "error": None,
    "host": {"memory": 8_000_000_000},
    "peak_memory": {"main": 1_000_000_000, "largest_worker": 500_000_000},
    "measurements": {"exposures": [{"offset": 0.003}, {"offset": 0.004}, {"offset": None}]},
}


def make_composer(*words: str) -> Composer:
    """What the command line ``jwst-lv3 -m WORDS`` composes."""
    GlobalHydra.instance().clear()
    return Composer(parse_arguments(["-m", *words]))


def write_record(folder: Path, **facts: Any) -> Path:
    """A job's folder with a record in it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lv3_run.json").write_text(json.dumps(RECORD | facts))
    return folder
