#!/usr/bin/env python
"""The truth table of alignment=solution: simulated surveys, and how far their exposures are from where they should be.

    python scripts/alignment_truth.py [CASE ...]

Sources are found by tweakreg's own finder with its default parameters; no mosaic is made.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from tests.pipeline.solution.truth import CASES, measured


def main(names: list[str]) -> None:
    """Print a line for each case."""
    print("case | exposures | groups tied | rms [mas] | worst corner [mas] | pulls | s")
    for name in names or CASES:
        with tempfile.TemporaryDirectory() as folder:
            begin = time.process_time()
            for label, result in measured(name, Path(folder)):
                lengths = 1e3 * np.hypot(*result.off.reshape(-1, 2).T)
                numbers = f"{np.sqrt(np.mean(lengths**2)):.2f} | {lengths.max():.2f} | {result.pulls:.2f}"
                seconds = time.process_time() - begin
                print(f"{name} {label} | {len(result.off)} | {result.tied} | {numbers} | {seconds:.0f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
