"""One thing that scripts/bench.py measures: this program's pipeline or jwst's own, in a process of its own.

Called as ``python scripts/bench_case.py FOLDER CASE``, where CASE is a table in JSON.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the script works in a checkout that is not installed

TUNED = {"pixmap_stepsize": 20, "pixmap_order": 3}


@dataclass(frozen=True)
class Case:
    """One thing to measure.

    Parameters
    ----------
    name : str
    observation : str
        Folder of the simulated exposures.
    who : str
        ``ours`` or ``jwst``.
    procs : int
    tuned : bool
        Pixel maps are interpolated (`TUNED`).
    """

    name: str
    observation: str
    who: str
    procs: int = 1
    tuned: bool = False

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters of the steps."""
        maps = TUNED if self.tuned else {}
        return {
            "skymatch": {"skymethod": "match"},
            "outlier_detection": maps,
            "resample": maps,
            "source_catalog": {"skip": True},
        }


def run_case(case: Case, folder: Path) -> None:
    """Run a case; the current directory takes the products, and what it took by step."""
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    from app import Lv3Step
    from app.crds import SYNTHETIC_CONTEXT, CrdsOptions, set_environment

    crds = CrdsOptions(mode="synthetic", context=SYNTHETIC_CONTEXT, path=str(folder / "crds"))
    set_environment(crds)
    observation = folder / case.observation
    band = json.loads((observation / "truth.json").read_text())["band"]
    here = Path.cwd()
    step = Lv3Step(
        "ngc0628", band, observation, here / "asn", procs=case.procs, crds=crds, jwst_parameters=case.parameters
    )
    association = step.create_asn_file([member.exposure.path for member in step.plan.members])
    run = _run_ours if case.who == "ours" else _run_jwst
    steps, cpu = run(step, association, here / "work/products")
    idle = {name: max(0.0, case.procs * time - cpu[name]) for name, time in steps.items()}
    (here / "times.json").write_text(json.dumps({"steps": steps, "idle": idle}))


def _run_ours(step: Any, association: Path, products: Path) -> tuple[dict[str, float], dict[str, float]]:
    """Wall and CPU time by step [s]."""
    from app.pipeline.run import run_pipeline
    from app.pipeline.stamp import Stamp
    from app.record.record import Record

    cpu: dict[str, float] = {}

    class Clock(Record):
        @contextmanager
        def timed(self, step: str) -> Iterator[None]:
            start = _cpu_time()
            with super().timed(step):
                yield
            cpu[step] = _cpu_time() - start

    products.mkdir(parents=True)
    record = Clock(products.parent, step.config)
    run_pipeline(association, step.plan, Stamp("bench", "v0", "synthetic"), record, products)
    return record.data["times"], cpu


def _cpu_time() -> float:
    """CPU time of this process and of those that it has waited for [s]."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _run_jwst(step: Any, association: Path, products: Path) -> tuple[dict[str, float], dict[str, float]]:
    from jwst.pipeline import Image3Pipeline

    from app.plan.parameters import merged

    products.mkdir(parents=True)
    tables = merged(step.plan.layers)
    steps = {name: table for name, table in tables.items() if isinstance(table, dict)}
    Image3Pipeline.call(str(association), steps=steps, output_dir=str(products), save_results=True)
    return {}, {}


if __name__ == "__main__":
    run_case(Case(**json.loads(sys.argv[2])), Path(sys.argv[1]))
