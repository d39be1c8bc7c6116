"""One thing that scripts/bench.py measures: the command, or jwst's pipeline with the same parameters.

``python scripts/bench_case.py ASSOCIATION RECORD PRODUCTS`` runs jwst's with the parameters of a run of the command.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the script works in a checkout that is not installed


@dataclass(frozen=True)
class Case:
    """One thing to measure.

    Parameters
    ----------
    name : str
    observation : str
        Folder of the simulated exposures.
    procs : int
        0: jwst's pipeline, which has one process.
    speed : str
        Option of the config group ``speed``.
    options : tuple of str
        More arguments of the command.
    """

    name: str
    observation: str
    procs: int
    speed: str = "fast"
    options: tuple[str, ...] = ()

    def command(self, folder: Path, out: Path) -> list[str]:
        """The command; jwst's run needs the record and the association that a run of ours with this speed has left."""
        if self.procs == 0:
            left = folder / f"{self.observation}_{self.speed}"
            return [sys.executable, __file__, f"{left}_asn.json", f"{left}_run.json", str(out)]
        observation = folder / self.observation
        band = json.loads((observation / "truth.json").read_text())["band"]
        given = [f"band={band}", f"in_dir={observation}", f"out_dir={out}", f"procs={self.procs}"]
        given += ["sky=match", f"speed={self.speed}", "crds=synthetic", f"crds.path={folder / 'crds'}", *self.options]
        return [sys.executable, "-m", "app", "target=ngc0628", *given]


def environment() -> dict[str, str]:
    """The environment of all runs: one thread a process, this checkout's program."""
    return os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


def run_jwst(association: Path, record: Path, products: Path) -> None:
    """Run `Image3Pipeline` with the parameters of a run of the command."""
    from app import Lv3Step
    from app.config.schema import Lv3Config
    from app.crds import CrdsOptions, set_environment

    config = json.loads(record.read_text())["config"]
    config["crds"] = CrdsOptions(**config["crds"])
    set_environment(config["crds"])
    from jwst.pipeline import Image3Pipeline

    from app.plan.parameters import merged

    tables = merged(Lv3Step.from_config(Lv3Config(**config)).plan.layers)
    steps = {name: table for name, table in tables.items() if isinstance(table, dict)}
    products.mkdir(parents=True)
    Image3Pipeline.call(str(association), steps=steps, output_dir=str(products), save_results=True)


if __name__ == "__main__":
    run_jwst(*map(Path, sys.argv[1:]))
