"""Measure this program's pipeline against jwst's, and write docs/performance.md from what was measured.

    python scripts/bench.py /tmp/bench              three alternating runs of everything; takes an hour on two cores
    python scripts/bench.py /tmp/bench --quick      one run of everything

Every run is a process of its own. Its memory is the proportional set size (PSS) of its whole process tree, where pages
that processes share count once; it is sampled while the run lasts.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median

import bench_case
from bench_case import ROOT, Case
from bench_report import write_report

POINTINGS = (4, 16, 36)

CASES = [
    Case("nircam_exact_jwst", "nircam", "jwst"),
    Case("nircam_exact_2", "nircam", "ours", 2),
    Case("nircam_tuned_jwst", "nircam", "jwst", tuned=True),
    Case("nircam_tuned_2", "nircam", "ours", 2, tuned=True),
    Case("nircam_tuned_1", "nircam", "ours", 1, tuned=True),
    *(
        Case(f"grid{2 * n}_{who}", f"grid{2 * n}", who, 1 if who == "jwst" else 2)
        for n in POINTINGS
        for who in ("jwst", "ours")
    ),
]


@dataclass(frozen=True)
class Run:
    """What one run took.

    Parameters
    ----------
    wall, cpu : float
        Time [s].
    memory : float
        Its peak [MB].
    mosaic : float
        Size of the mosaic's file [MB].
    steps : dict
        Wall time by step [s]; none of jwst's own pipeline.
    idle : dict
        Share of the run's core time that cores were idle, by step.
    """

    wall: float
    cpu: float
    memory: float
    mosaic: float
    steps: dict[str, float]
    idle: dict[str, float]


def simulate(folder: Path) -> None:
    """Simulate what is not there yet, and make the reference cache."""
    from app.crds.cache.synthetic import make_synthetic_cache
    from app.simulation import simulate_grid, simulate_observation

    if not (folder / "crds").is_dir():
        make_synthetic_cache(folder / "crds")
    if not (folder / "nircam/truth.json").is_file():
        chips = [f"NRCA{n}" for n in (1, 2, 3, 4)]
        simulate_observation(folder / "nircam", band="F200W", detectors=chips, window=None, n_dithers=3)
    for n in POINTINGS:
        if not (folder / f"grid{2 * n}/truth.json").is_file():
            simulate_grid(folder / f"grid{2 * n}", n_pointings=n, n_dithers=2)


def measure(case: Case, folder: Path) -> Run:
    """Run a case in a process of its own."""
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    command = [sys.executable, bench_case.__file__, str(folder), json.dumps(asdict(case))]
    os.sync()  # so that data of the run before are not written during this one
    start, memory = time.monotonic(), 0.0
    with (out / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=out)
        while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
            memory = max(memory, _memory(process.pid))
            time.sleep(0.2)
    wall, usage = time.monotonic() - start, ended[2]
    if ended[1]:
        sys.exit(f"{case.name} failed: {out / 'log'}")
    (mosaic,) = out.rglob("*_i2d.fits")
    times = json.loads((out / "times.json").read_text())
    idle = {step: seconds / (case.procs * wall) for step, seconds in times["idle"].items()}
    cpu = usage.ru_utime + usage.ru_stime
    return Run(wall, cpu, memory, mosaic.stat().st_size / 1e6, times["steps"], idle)


def _memory(pid: int) -> float:
    """PSS of a process and its descendants [MB]."""
    total = 0.0
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        total = next(float(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1e3
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            total += _memory(int(child))
    except (OSError, StopIteration):
        pass  # it ended meanwhile
    return total


def measure_limit(folder: Path, procs: int) -> float:
    """What the tuned NIRCam job takes at least [s]: the kernel and the bytes, divided by cores.

    Five drizzles of each exposure (for the outliers, for the mosaic, for three variances), its file read for each of
    four steps and written once.
    """
    import numpy as np
    from drizzle.resample import Drizzle

    files = sorted((folder / "nircam").glob("*_cal.fits"))
    content = files[0].read_bytes()
    start = time.perf_counter()
    for _ in range(4):
        files[0].read_bytes()
    (folder / "bytes").write_bytes(content)
    bytes_time = time.perf_counter() - start
    (folder / "bytes").unlink()
    y, x = np.indices((2048, 2048), dtype=float)
    pixmap = np.dstack([x + 0.02 * y + 0.3, y - 0.02 * x + 50])
    start = time.perf_counter()
    for _ in range(5):
        kernel = Drizzle(out_shape=(2150, 2150), disable_ctx=True)
        kernel.add_image(np.ones((2048, 2048), np.float32), exptime=1.0, pixmap=pixmap)
    return (bytes_time + time.perf_counter() - start) * len(files) / procs


def middle(runs: list[Run]) -> Run:
    """The run of medians."""
    steps, idle = ({n: median(getattr(r, kind)[n] for r in runs) for n in runs[0].steps} for kind in ("steps", "idle"))
    found = {name: median(getattr(run, name) for run in runs) for name in ("wall", "cpu", "memory", "mosaic")}
    return replace(runs[0], steps=steps, idle=idle, **found)


def main() -> None:
    """Measure everything and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="for exposures and products; kept")
    parser.add_argument("--quick", action="store_true", help="one run instead of three")
    options = parser.parse_args()
    folder = options.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    simulate(folder)
    runs: dict[str, list[Run]] = {case.name: [] for case in CASES}
    for _ in range(1 if options.quick else 3):
        for case in CASES:
            run = measure(case, folder)
            runs[case.name].append(run)
            print(f"{case.name:20} {run.wall:7.1f} s  {run.cpu:7.1f} s CPU  {run.memory:6.0f} MB", flush=True)
    found = {name: middle(list_) for name, list_ in runs.items()}
    (folder / "bench.json").write_text(json.dumps({name: asdict(run) for name, run in found.items()}, indent=2))
    print(write_report(found, measure_limit(folder, 2), len(next(iter(runs.values()))), ROOT / "docs"))


if __name__ == "__main__":
    main()
