"""Measure the command, as a user gives it, against jwst's pipeline, and write what was measured into a page.

    python scripts/bench.py /tmp/bench              three rounds of everything, in turn; hours on two cores
    python scripts/bench.py /tmp/bench --quick      one round
    python scripts/bench.py /tmp/bench --reduced    fewer exposures; the page says how many
    python scripts/bench.py /tmp/bench --page FILE  the page, if not docs/performance.md

Every run is a process of its own, from the start of Python to its end, with everything that it does by default. The
page is written after each round, with what was measured until then.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench_case import ROOT, Case, environment
from bench_report import write_report
from bench_watch import Usage, watch


@dataclass(frozen=True)
class Size:
    """How many exposures are measured.

    Parameters
    ----------
    chips, dithers : int
        Detectors and dithers of NIRCam.
    grids : (int, int, int)
        Exposures of MIRI, at two dithers a pointing; the second is measured with jwst, too.
    """

    chips: int
    dithers: int
    grids: tuple[int, int, int]

    @property
    def cases(self) -> list[Case]:
        """All that is measured: jwst's runs come after those whose parameters they have."""
        small, middle, large = (f"grid{n}" for n in self.grids)
        products = ("do_drizzle=true", "do_blot=true")
        return [
            Case("nircam_exact_2", "nircam", 2, "exact"),
            Case("nircam_exact_jwst", "nircam", 0, "exact"),
            Case("nircam_fast_2", "nircam", 2),
            Case("nircam_fast_2_products", "nircam", 2, options=products),
            Case("nircam_fast_1", "nircam", 1),
            Case("nircam_fast_jwst", "nircam", 0),
            Case("small", small, 2),
            Case("middle", middle, 2),
            Case("middle_jwst", middle, 0),
            Case("large", large, 2),
        ]


FULL, REDUCED = Size(4, 3, (8, 72, 200)), Size(2, 2, (4, 16, 32))


@dataclass(frozen=True)
class Run:
    """What one run took.

    Parameters
    ----------
    usage : Usage
    mosaic : float
        Size of the mosaic's file [MB].
    steps : dict
        Wall time by step [s]; none of jwst's own pipeline.
    """

    usage: Usage
    mosaic: float
    steps: dict[str, float]


def simulate(folder: Path, size: Size) -> None:
    """Simulate what is not there yet, and make the reference cache."""
    from app.crds.cache.synthetic import make_synthetic_cache
    from app.simulation import simulate_grid, simulate_observation

    if not (folder / "crds").is_dir():
        make_synthetic_cache(folder / "crds")
    if not (folder / "nircam/truth.json").is_file():
        chips = [f"NRCA{number}" for number in range(1, size.chips + 1)]
        simulate_observation(folder / "nircam", band="F200W", detectors=chips, window=None, n_dithers=size.dithers)
    for n in size.grids:
        if not (folder / f"grid{n}/truth.json").is_file():
            simulate_grid(folder / f"grid{n}", n_pointings=n // 2, n_dithers=2)


def measure(case: Case, folder: Path) -> Run:
    """Run a case in a process of its own."""
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    products = out / "products"
    usage = watch(case.command(folder, products), out, environment())
    (mosaic,) = products.glob("*_lv3_*_i2d.fits")
    if case.procs == 0:
        return Run(usage, mosaic.stat().st_size / 1e6, {})
    record = json.loads((products / "lv3_run.json").read_text())
    left = f"{case.observation}_{case.speed}"
    shutil.copy(products / "lv3_run.json", folder / f"{left}_run.json")
    shutil.copy(next(products.glob("asn_lv3_*.json")), folder / f"{left}_asn.json")
    return Run(usage, mosaic.stat().st_size / 1e6, record["times"])


def measure_limit(folder: Path, size: Size, procs: int) -> float:
    """What the NIRCam job takes at least [s]: the kernel and the bytes, divided by cores.

    One pass of the kernel for the image of each exposure and its three variances; its file read once and written once.
    """
    import time

    import numpy as np

    from app.pipeline.divided.planes import Planes

    content = next((folder / "nircam").glob("*_cal.fits"))
    y, x = np.indices((2048, 2048), dtype=float)
    image = np.ones(x.shape, np.float32)
    drizzle = Planes((2150, 2150), "square", "NAN")
    drizzle.beside = dict.fromkeys(("var_rnoise", "var_flat", "var_poisson"), image)
    arguments = {"pixmap": np.dstack([x + 0.02 * y + 0.3, y - 0.02 * x + 50]), "weight_map": image, "exptime": 1.0}
    arguments |= {"pixfrac": 1.0, "pixel_scale_ratio": 1.0, "iscale": 1.0, "wht_scale": 1.0, "in_units": "cps"}
    arguments |= {"xmin": 0, "xmax": 2047, "ymin": 0, "ymax": 2047}
    start = time.perf_counter()
    (folder / "bytes").write_bytes(content.read_bytes())
    drizzle.add_image(image, **arguments)
    taken = time.perf_counter() - start
    (folder / "bytes").unlink()
    return taken * size.chips * size.dithers / procs


def middle(runs: Sequence[Run]) -> Run:
    """The run of medians."""
    usage = Usage(*(median(getattr(run.usage, name) for run in runs) for name in ("wall", "cpu", "alone", "memory")))
    steps = {name: median(run.steps[name] for run in runs) for name in runs[0].steps}
    return Run(usage, runs[0].mosaic, steps)


def main() -> None:
    """Measure everything and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="for exposures and products; kept")
    parser.add_argument("--quick", action="store_true", help="one round instead of three")
    parser.add_argument("--reduced", action="store_true", help="fewer exposures")
    parser.add_argument("--page", type=Path, default=ROOT / "docs/performance.md")
    options = parser.parse_args()
    size = REDUCED if options.reduced else FULL
    folder = options.folder.absolute() / ("reduced" if options.reduced else "full")
    folder.mkdir(parents=True, exist_ok=True)
    simulate(folder, size)
    runs: dict[str, list[Run]] = {case.name: [] for case in size.cases}
    limit = measure_limit(folder, size, 2)
    for n_rounds in range(1, 2 if options.quick else 4):
        for case in size.cases:
            run = measure(case, folder)
            runs[case.name].append(run)
            used = run.usage
            print(f"{case.name:24} {used.wall:7.1f} s  {used.cpu:7.1f} s CPU  {used.memory:6.0f} MB", flush=True)
        found = {name: middle(list_) for name, list_ in runs.items()}
        (folder / "bench.json").write_text(json.dumps({name: asdict(run) for name, run in found.items()}, indent=2))
        print(write_report(found, size, limit, n_rounds, options.page), flush=True)


if __name__ == "__main__":
    main()
