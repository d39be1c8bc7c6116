"""Whole runs for tests: the step with the synthetic reference files, and what it made."""

import json
import resource
from pathlib import Path
from typing import Any

from app import Lv3Step
from app.crds import CrdsOptions
from app.simulation import Truth


def make_step(truth: Truth, out_dir: Path, crds: CrdsOptions, **options: Any) -> Lv3Step:
    """The step for simulated exposures, with one process, without report, and without presets of the command line.

    Bits do not depend on the number of processes, but each pool that the process of the tests starts loads jwst anew;
    a report is a fifth of a small run.
    """
    return Lv3Step(
        **{
            "target": "ngc0628",
            "band": truth.band,
            "in_dir": truth.folder,
            "out_dir": out_dir,
            "crds": crds,
            "presets": {},
            "procs": 1,
            "report": False,
        }
        | options
    )


def run(truth: Truth, out_dir: Path, crds: CrdsOptions, **options: Any) -> dict[str, Any]:
    """Run the step; the record of the run."""
    assert make_step(truth, out_dir, crds, **options).do_step() is True
    return json.loads((out_dir / "lv3_run.json").read_text())


def edit_record(folder: Path, **facts: Any) -> None:
    """Let the record of a run say this, and nothing of what is None."""
    path = folder / "lv3_run.json"
    said = json.loads(path.read_text()) | facts
    gone = {key for key, value in facts.items() if value is None}
    path.write_text(json.dumps({key: value for key, value in said.items() if key not in gone}))


def children_cpu() -> float:
    """CPU time of the processes started from here and ended [s]; what shares the machine lengthens it least."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
