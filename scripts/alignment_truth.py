#!/usr/bin/env python
"""The truth table of alignment=solution: simulated surveys, and how far their exposures are from where they should be.

    python scripts/alignment_truth.py [CASE ...]
    python scripts/alignment_truth.py --figure docs/alignment.png

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

from tests.pipeline.solution.truth import CASES, between_bands, measured


def main(names: list[str]) -> None:
    """Print a line for each case."""
    print("case | exposures | groups tied | rms [mas] | worst corner [mas] | pulls | s")
    for name in names or [*CASES, "follow"]:
        with tempfile.TemporaryDirectory() as folder:
            begin = time.process_time()
            if name == "follow":
                off = 1e3 * np.hypot(*between_bands(Path(folder)).T)
                print(f"{name} | {len(off)} | | {np.sqrt(np.mean(off**2)):.2f} | {off.max():.2f} | |", flush=True)
                continue
            for label, result in measured(name, Path(folder)):
                lengths = 1e3 * np.hypot(*result.off.reshape(-1, 2).T)
                numbers = f"{np.sqrt(np.mean(lengths**2)):.2f} | {lengths.max():.2f} | {result.pulls:.2f}"
                seconds = time.process_time() - begin
                print(f"{name} {label} | {len(result.off)} | {result.tied} | {numbers} | {seconds:.0f}", flush=True)
                for group, shift in result.displaced.items():
                    print(f"    found {np.hypot(*shift):.2f} arcsec off: {group}")


def draw(path: str) -> None:
    """Draw how far the exposures of the sparse survey are from where they should be, before and after."""
    import matplotlib.pyplot as plt

    with tempfile.TemporaryDirectory() as folder:
        result = next(measured("sparse", Path(folder)))[1]
    figure, axes = plt.subplots(1, 2, figsize=(9, 4.6), sharex=True, sharey=True, layout="constrained")
    for ax, off, title in zip(
        axes, (result.before, result.off), ("as the headers say", "alignment=solution"), strict=True
    ):
        for corners in result.places[:, [0, 1, 2, 3, 0]]:
            ax.plot(*corners.T, color="0.8", lw=0.6)
        ax.quiver(*result.places[:, 4].T, *off[:, 4].T, angles="xy", scale_units="xy", scale=0.005, width=0.005)
        rms = 1e3 * np.sqrt(np.mean(np.sum(off**2, axis=2)))
        ax.set_title(f"{title}: {rms:.1f} mas rms", fontsize=10)
        ax.set_aspect("equal")
        ax.set_xlabel("east [arcsec]; arrows 200 times longer", fontsize=8)
    axes[0].set_ylabel("north [arcsec]", fontsize=8)
    axes[0].invert_xaxis()
    figure.savefig(path, dpi=110, bbox_inches="tight")


if __name__ == "__main__":
    draw(sys.argv[2]) if sys.argv[1:2] == ["--figure"] else main(sys.argv[1:])
