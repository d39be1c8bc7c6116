#!/usr/bin/env python
"""The truth table of sky levels: simulated fields, and the errors of no levels, of skymatch's and of the solution's.

    python scripts/sky_truth.py [FIELD ...]

Fields are those of tests/pipeline/solution/test_levels.py, in windows of 256 pixels, and ``miri``: four full frames of
MIRI with a Lyot coronagraph in the corner, whose surroundings hide another piece of the sky in each. No mosaic is made.
"""

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.simulation import Faults, Scene, Truth, simulate_observation
from tests.pipeline.solution.test_levels import FIELDS, error, matched, simulated, solve

#: Parts of MIRI's full frame that see no sky: beside the imager, and around the coronagraph.
HIDDEN = ((0.0, 0.35, 0.0, 0.72), (0.265, 0.35, 0.72, 1.0))
#: What shines there.
LIGHT: dict[str, dict[str, Any]] = {
    "light up to 8": {"diffuse_peak": 8.0},
    "light up to 40": {"diffuse_peak": 40.0},
    "broad light up to 40": {"diffuse_peak": 40.0, "n_blobs": 8, "blob_sizes": (0.1, 0.3)},
}


def fields(names: list[str]) -> Iterator[tuple[str, Truth]]:
    """The fields of these names, simulated one after the other; all without any."""
    for name in [name for name in FIELDS if name in names or not names]:
        with tempfile.TemporaryDirectory() as folder:
            yield name, simulated(name, Path(folder))
    if names and "miri" not in names:
        return
    for (what, light), dither, seed in product(LIGHT.items(), (1.2, 4.0, 10.0), (1, 2, 3, 4)):
        faults = Faults(pointing_error=0.005, sky_offset=0.05, masked_parts=HIDDEN)
        scene = Scene(**light, faults=faults)
        with tempfile.TemporaryDirectory() as folder:
            truth = simulate_observation(folder, n_dithers=4, dither_size=dither, window=None, seed=seed, scene=scene)
            yield f"miri, {what}, dithers of {dither:g} arcsec, seed {seed}", truth


def main(names: list[str]) -> None:
    """Print a line for each field."""
    print("field | nothing done | skymatch | solution [MJy/sr, rms]")
    logging.disable(logging.CRITICAL)
    for name, truth in fields(names):
        levels = [0.0] * len(truth.exposures), matched(truth), [result.level for result in solve(truth)[0]]
        print(f"{name} | {' | '.join(f'{error(truth, found):.2g}' for found in levels)}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
