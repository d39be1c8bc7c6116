"""The measured part of docs/performance.md, from what scripts/bench.py measured."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench import Run, Size

#: The part of the page that is written anew stands between these lines.
BEGIN, END = "<!-- measured by scripts/bench.py -->", "<!-- end of what was measured -->"

_TEXT = """
{when}, {machine}, {versions}; {rounds}; load of the machine in the last quarter of an hour {load}.
NIRCam: {n_nircam} exposures of F200W, 2048 x 2048. MIRI: {small}, {middle} and {large} exposures of 512 x 512, two
dithers a pointing. *fast* and *exact* are options of the config group `speed`.

| what | wanted | measured |
|---|---|---|
{ratios}

What is wanted holds for 12 NIRCam and 8, 72 and 200 MIRI exposures.

| run | wall time [s] | CPU time [s] | one process alone [s] | peak memory [MB] | mosaic [MB] |
|---|---|---|---|---|---|
{runs}

Where the time of the command goes [s]; *the rest* is start, checks before the run, checksums and publishing:

| run | {steps_head} | the rest |
|---|{steps_rule}|---|
{steps}
"""


def write_report(found: Mapping[str, Run], size: Size, limit: float, n_rounds: int, page: Path) -> str:
    """Write the measured part of the page; the table of ratios."""
    ratios = "\n".join(_ratios(found, size, limit))
    ours = {name: run for name, run in found.items() if run.steps}
    names = list(ours["nircam_fast_2_products"].steps)
    text = _TEXT.format(
        when=datetime.now(UTC).strftime("%Y-%m-%d"),
        machine=f"{platform.machine()}, {os.cpu_count()} cores, {_memory():.0f} GB",
        versions=", ".join(f"{name} {version(name)}" for name in ("jwst", "stcal", "drizzle", "photutils", "numpy")),
        rounds="one round" if n_rounds == 1 else f"medians of {n_rounds} alternating rounds",
        load=f"{os.getloadavg()[2]:.1f}",
        n_nircam=size.chips * size.dithers,
        **dict(zip(("small", "middle", "large"), size.grids, strict=True)),
        ratios=ratios,
        runs="\n".join(_row(name, run) for name, run in found.items()),
        steps_head=" | ".join(names),
        steps_rule="|".join("---" for _ in names),
        steps="\n".join(_step_row(name, run, names) for name, run in ours.items()),
    )
    before, _, rest = page.read_text().partition(BEGIN)
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}")
    return ratios


def _row(name: str, run: Run) -> str:
    used = run.usage
    alone = f"{used.alone:.1f}" if run.steps else ""
    return f"| {name} | {used.wall:.1f} | {used.cpu:.1f} | {alone} | {used.memory:.0f} | {run.mosaic:.0f} |"


def _step_row(name: str, run: Run, names: list[str]) -> str:
    times = " | ".join(f"{run.steps[step]:.1f}" if step in run.steps else "" for step in names)
    return f"| {name} | {times} | {run.usage.wall - sum(run.steps.values()):.1f} |"


def _ratios(found: Mapping[str, Run], size: Size, limit: float) -> Iterator[str]:
    """Rows of the first table: what is wanted, and what was measured."""
    wall, memory, alone = (
        {n: getattr(r.usage, kind) for n, r in found.items()} for kind in ("wall", "memory", "alone")
    )
    n_small, n_middle, n_large = size.grids
    fast, nircam, jwst = "nircam_fast_2", "NIRCam", "nircam_exact_jwst"
    yield _ratio(f"{nircam}, fast, `procs=2`, to jwst exact: time", 0.2, wall[fast] / wall[jwst])
    yield _ratio(f"{nircam}, fast, `procs=2`, to jwst exact: memory", 0.45, memory[fast] / memory[jwst])
    yield _ratio(f"{nircam}, both fast, `procs=2`: time", 0.33, wall[fast] / wall["nircam_fast_jwst"])
    yield _ratio(f"{nircam}, both fast, `procs=1`: time", 0.6, wall["nircam_fast_1"] / wall["nircam_fast_jwst"])
    yield _ratio(f"{nircam}, both exact, `procs=2`: time", None, wall["nircam_exact_2"] / wall[jwst])
    yield _ratio(f"{n_middle} MIRI to jwst: time", 0.22, wall["middle"] / wall["middle_jwst"])
    yield _ratio(f"{n_middle} MIRI to jwst: memory", 0.15, memory["middle"] / memory["middle_jwst"])
    each = {"small": wall["small"] / n_small, "middle": wall["middle"] / n_middle, "large": wall["large"] / n_large}
    yield _ratio(f"time an exposure, {n_large} to {n_small}", 0.5, each["large"] / each["small"])
    yield _ratio(f"time an exposure, {n_large} to {n_middle}", 1.05, each["large"] / each["middle"])
    yield _ratio(f"memory, {n_large} to {n_small}", 1.3, memory["large"] / memory["small"])
    for name, n in (("middle", n_middle), ("large", n_large)):
        yield _ratio(f"{n} MIRI: one process alone, share of the time", 0.1, alone[name] / wall[name])
    more = wall["nircam_fast_2_products"] - wall[fast]
    yield _ratio(f"drizzled exposures and blots of {nircam} besides [s]", 10, more)
    yield _ratio(f"{nircam}, fast, `procs=2`, to the physical limit ({limit:.0f} s)", 2, wall[fast] / limit)


def _ratio(what: str, wanted: float | None, value: float) -> str:
    mark = "" if wanted is None or value <= wanted else " (not reached)"
    return f"| {what} | {'' if wanted is None else f'<= {wanted}'} | {value:.2f}{mark} |"


def _memory() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
