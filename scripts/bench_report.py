"""docs/performance.md and its figure, from what scripts/bench.py measured."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench import Run

GRIDS = (8, 32, 72)

_TEXT = """# Speed and memory

Made by `make bench` (`scripts/bench.py`): {when}, {machine},
{versions};
{runs}; load of the machine in the last quarter of an hour {load}. Each run is a
process of its own, this program's pipeline and `Image3Pipeline.call` in turn, with the same parameters (sky matched,
no source catalogue), from the start of Python to the last file.

## Ours against jwst

| ratio ours / jwst | wanted | measured |
|---|---|---|
{table}

Memory is the sum of the proportional set sizes of all processes of a run, sampled: pages that processes share count
once. *Beyond the mosaic* means less the size of its file. A core is idle when no process of the run uses it; what is
not divided among processes is the fit of tweakreg, and writing the mosaic.

The physical limit is what the drizzle kernel and the bytes of the files alone take on two cores: {limit:.0f} s for the
tuned NIRCam job. Finding stars, pixel maps, median, blots, flags and Python's own start are not in it.

## What was measured

| run | wall time [s] | CPU time [s] | peak memory [MB] | mosaic [MB] |
|---|---|---|---|---|
{runs_table}

NIRCam: 12 exposures of F200W, 2048 x 2048, 3 dithers of 4 detectors; *tuned* is `pixmap_stepsize=20, pixmap_order=3`
(config group `speed=fast`); the last number is `procs`. Grids: pointings of MIRI, 512 x 512, two dithers each,
`procs=2`.

![Time and memory against the number of exposures](performance.png)

## Steps of ours, wall time [s] (core time idle, of the run's)

| run | {steps_head} |
|---|{steps_rule}|
{steps}

## How the work is divided

- **Sources** (tweakreg): by exposure. The fit itself is jwst's, in one process.
- **Sky** (skymatch): by exposure; only overlaps of footprints that can meet are measured.
- **Pixel maps**: by exposure, computed once where jwst computes them three times (drizzle, blot, mosaic).
- **Outliers**: every exposure drizzled onto the box that it touches, the median over groups by tiles of 512 pixels
  from the exposures that touch them, blot and flags by exposure, which is written right there.
- **Mosaic**: every exposure drizzled onto its box, the boxes added in the exposures' order.

Between steps the exposures' arrays stay in their files, and everything else in memory: no step but the last two
changes a pixel, and a subtracted sky is a number until an exposure is written.

What is divided, and the order in which parts are added, does not depend on `procs`, so neither does a bit of the
products. Exposures are jwst's to the bit; in the mosaic CON and the empty pixels are the same, and the other arrays
agree within 2e-6, relative or of the noise (`tests/pipeline/divided`).

Functions in `app/pipeline/divided/jwst_internals.py` replace slow ones of the libraries, with the same results:
peaks of an image, an image's background (within rounding), vertices on the edges of footprints. Tests compare them
with the originals.

Parameters that are not divided run in jwst's own implementation, and the log says so:
`outlier_detection.resample_data=false`, `save_intermediate_results=true`; `resample.single`, `propagate_dq`, and its
kernels `gaussian`, `lanczos2`, `lanczos3`; exposures that come with a sky level already. Then `memory` says whether all
pixels stay in memory or in files (`lean`) meanwhile.

Temporary files are in `work_dir`: pixel maps (16 bytes for each pixel of each exposure), drizzled exposures, and
parts of the mosaic (24 bytes for each of its pixels that an exposure touches; until the mosaic is there, or with
`resume=false` for two exposures a process). A process that is killed ends the run with the error for a lack of memory.
"""


def write_report(found: dict[str, Run], limit: float, n_runs: int, folder: Path) -> str:
    """Write the page and its figure; the table of ratios."""
    table = "\n".join([*_ratios(found), _idle_row(found), _limit_row(found, limit)])
    step_names = list(found["nircam_exact_2"].steps)
    ours = {name: run for name, run in found.items() if run.steps}
    text = _TEXT.format(
        when=datetime.now(UTC).strftime("%Y-%m-%d"),
        machine=f"{platform.machine()}, {os.cpu_count()} cores, {_memory():.0f} GB",
        versions=", ".join(f"{name} {version(name)}" for name in ("jwst", "stcal", "drizzle", "numpy")),
        runs="one run of each" if n_runs == 1 else f"medians of {n_runs} runs in turn",
        load=f"{os.getloadavg()[2]:.1f}",
        table=table,
        limit=limit,
        runs_table="\n".join(
            f"| {n} | {r.wall:.1f} | {r.cpu:.1f} | {r.memory:.0f} | {r.mosaic:.0f} |" for n, r in found.items()
        ),
        steps_head=" | ".join(step_names),
        steps_rule="|".join("---" for _ in step_names),
        steps="\n".join(
            f"| {name} | {' | '.join(f'{run.steps[s]:.1f} ({run.idle[s]:.0%})' for s in step_names)} |"
            for name, run in ours.items()
        ),
    )
    (folder / "performance.md").write_text(text)
    _plot(found, folder / "performance.png")
    return table


def _ratios(found: dict[str, Run]) -> Iterator[str]:
    """Rows of the table: what is wanted, and what was measured."""
    exact, tuned, small, large = (found[n] for n in ("nircam_exact_2", "nircam_tuned_2", "grid8_ours", "grid72_ours"))
    exact_jwst, tuned_jwst, large_jwst = (found[n] for n in ("nircam_exact_jwst", "nircam_tuned_jwst", "grid72_jwst"))
    nircam = "12 NIRCam exposures"
    yield _row(f"{nircam}, tuned, `procs=2`, against jwst exact: time", 0.30, tuned.wall / exact_jwst.wall)
    yield _row(f"{nircam}, both exact, `procs=2`: time", None, exact.wall / exact_jwst.wall)
    yield _row(f"{nircam}, both tuned, `procs=2`: time", 0.55, tuned.wall / tuned_jwst.wall)
    yield _row(f"{nircam}, both tuned, `procs=1`: time", 0.95, found["nircam_tuned_1"].wall / tuned_jwst.wall)
    yield _row(f"{nircam}, both tuned, `procs=2`: peak memory", 0.6, tuned.memory / tuned_jwst.memory)
    yield _row(f"{nircam}, both exact, `procs=2`: peak memory", 0.6, exact.memory / exact_jwst.memory)
    growth = (large.wall / 72) / (small.wall / 8)
    yield _row("grid, ours: time for an exposure at 72 against 8 exposures", 1.15, growth)
    memory = (large.memory - large.mosaic) / (small.memory - small.mosaic)
    yield _row("grid, ours: peak memory beyond the mosaic at 72 against 8 exposures", 1.3, memory)
    yield _row("grid of 72 exposures: time", 0.35, large.wall / large_jwst.wall)
    yield _row("grid of 72 exposures: peak memory", 0.4, large.memory / large_jwst.memory)


def _idle_row(found: dict[str, Run]) -> str:
    share, step, name = max((share, step, name) for name, run in found.items() for step, share in run.idle.items())
    return _row(f"core time idle in the idlest step of any run ({step} of {name}), of the run's core time", 0.1, share)


def _limit_row(found: dict[str, Run], limit: float) -> str:
    return _row("nircam_tuned_2: time against the physical limit", 1.5, found["nircam_tuned_2"].wall / limit)


def _row(what: str, wanted: float | None, value: float) -> str:
    mark = "" if wanted is None or value <= wanted else " (not reached)"
    return f"| {what} | {'' if wanted is None else f'<= {wanted}'} | {value:.2f}{mark} |"


def _memory() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _plot(found: dict[str, Run], path: Path) -> None:
    """Time and memory against the number of exposures."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for who, colour, label in (("jwst", "tab:orange", "jwst"), ("ours", "tab:blue", "this program, 2 processes")):
        runs = [found[f"grid{n}_{who}"] for n in GRIDS]
        axes[0].plot(GRIDS, [run.wall for run in runs], "o-", color=colour, label=label)
        axes[1].plot(GRIDS, [run.memory / 1e3 for run in runs], "o-", color=colour, label=label)
    for axis, name in zip(axes, ("wall time [s]", "peak memory [GB]"), strict=True):
        axis.set(xlabel="exposures", ylabel=name, ylim=(0, None))
        axis.grid(alpha=0.3)
    axes[0].legend()
    figure.savefig(path, dpi=110)
    plt.close(figure)
