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

Made by `make bench` (`scripts/bench.py`): {when}, {machine}, {versions}; {runs}. Load of the machine when this was
written: {load}. Each run is a process of its own, this program's pipeline and `Image3Pipeline.call` in turn, with the
same parameters (sky matched, no source catalogue). Memory is the sum of the proportional set sizes of all processes of
a run, sampled: pages that processes share count once.

## Ours against jwst

| | wanted | wall time | CPU time of ours / jwst |
|---|---|---|---|
{table}

The least that the tuned NIRCam job could take on two cores, the drizzle kernel and the bytes of the files alone, is
{limit:.0f} s; ours takes {times:.1f} times that. Finding stars, pixel maps, blots and flags are not in that limit.

## What was measured

| run | wall time [s] | CPU time [s] | peak memory [MB] |
|---|---|---|---|
{runs_table}

NIRCam: 12 exposures of 2048 x 2048, 3 dithers of 4 detectors; *tuned* is `pixmap_stepsize=20, pixmap_order=3` (config
group `speed=fast`). Grids: pointings of MIRI, 512 x 512, two dithers each.

![Time and memory against the number of exposures](performance.png)

## Steps of ours [s]

| run | {steps_head} |
|---|{steps_rule}|
{steps}

## How the work is divided

- **Sources** (tweakreg): by exposure. The fit itself is jwst's, in one process.
- **Sky** (skymatch): by exposure; only overlaps of footprints that can meet are measured.
- **Pixel maps**: by exposure, computed once where jwst computes them three times (drizzle, blot, mosaic).
- **Outliers**: groups drizzled onto the box that they touch, the median by tiles of 512 pixels from the groups that
  touch them, blot and flags by exposure, which is written right there.
- **Mosaic**: every exposure drizzled onto its box, the boxes added in the exposures' order.

What is divided, and the order in which parts are added, does not depend on `procs`, so neither does a bit of the
products (`tests/parallel`). Parameters that are not divided run in jwst's own implementation, and the log says so:
`outlier_detection.resample_data=false`, `save_intermediate_results=true`; `resample.single`, `propagate_dq`; kernels
`gaussian` and `lanczos`; exposures that come with a sky level already.

Temporary files are in `work_dir`: pixel maps (16 bytes for each pixel of each exposure), groups and parts of the
mosaic.
"""


def write_report(found: dict[str, Run], limit: float, n_runs: int, folder: Path) -> str:
    """Write the page and its figure; the table of ratios."""
    table = "\n".join(_ratios(found))
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
        times=found["nircam_tuned_2"].wall / limit,
        runs_table="\n".join(f"| {n} | {r.wall:.1f} | {r.cpu:.1f} | {r.memory:.0f} |" for n, r in found.items()),
        steps_head=" | ".join(step_names),
        steps_rule="|".join("---" for _ in step_names),
        steps="\n".join(
            f"| {name} | {' | '.join(f'{run.steps.get(s, 0):.1f}' for s in step_names)} |" for name, run in ours.items()
        ),
    )
    (folder / "performance.md").write_text(text)
    _plot(found, folder / "performance.png")
    return table


def _ratios(found: dict[str, Run]) -> Iterator[str]:
    """Rows of the table: what is wanted, and what was measured."""
    exact, tuned, small, large = (found[n] for n in ("nircam_exact_2", "nircam_tuned_2", "grid8_ours", "grid72_ours"))
    exact_jwst, tuned_jwst, large_jwst = (found[n] for n in ("nircam_exact_jwst", "nircam_tuned_jwst", "grid72_jwst"))
    one = found["nircam_tuned_1"]
    yield _time_row("12 NIRCam exposures, `procs=2`, against jwst exact", 0.30, tuned, exact_jwst)
    yield _time_row("the same, both exact", None, exact, exact_jwst)
    yield _time_row("the same, against jwst with the same pixel map step", 0.55, tuned, tuned_jwst)
    yield _time_row("the same, `procs=1`", 0.95, one, tuned_jwst)
    yield _row("peak memory, `procs=2`, tuned", 0.6, tuned.memory / tuned_jwst.memory)
    yield _row("peak memory, `procs=2`, exact", 0.6, exact.memory / exact_jwst.memory)
    growth = (large.wall / 72) / (small.wall / 8)
    cpu = (large.cpu / 72) / (small.cpu / 8)
    yield _row("grid: time for an exposure at 72 against 8 exposures", 1.15, growth, f"(CPU {cpu:.2f})")
    memory = (large.memory - large.mosaic) / (small.memory - small.mosaic)
    yield _row("grid: growth of peak memory from 8 to 72 exposures, beyond the mosaic", 1.3, memory)
    yield _time_row("72 exposures, time", 0.35, large, large_jwst)
    yield _row("72 exposures, memory", 0.4, large.memory / large_jwst.memory)


def _time_row(what: str, wanted: float | None, ours: Run, jwst: Run) -> str:
    return _row(what, wanted, ours.wall / jwst.wall, f"{ours.cpu / jwst.cpu:.2f}")


def _row(what: str, wanted: float | None, value: float, cpu: str = "") -> str:
    mark = "" if wanted is None or value <= wanted else " (not reached)"
    return f"| {what} | {'' if wanted is None else f'<= {wanted}'} | {value:.2f}{mark} | {cpu} |"


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
