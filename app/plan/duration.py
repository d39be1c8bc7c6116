"""How long a run may take, step by step: from that run of this machine which is nearest in size, else from a table."""

import math
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from app.observation.names import RECORD_NAME
from app.plan.plan import Plan
from app.record.record import FINISHED, read_record

__all__ = ["Duration", "expected_duration"]

#: Time of each step [s]: whatever the data are, and for a megapixel of exposures on one core (docs/performance.md,
#: nircam_tuned_2; measure, report and companions from the demo's size up).
_TABLE = {
    "tweakreg": (1.5, 0.32),
    "assign_mtwcs": (1.0, 0.05),
    "skymatch": (1.0, 0.09),
    "outlier_detection": (1.5, 0.56),
    "resample": (1.5, 0.62),
    "source_catalog": (1.0, 0.2),
    "measure": (1.5, 0.3),
    "drizzle": (1.0, 1.2),
    "drizzle_group": (1.0, 1.2),
    "blot": (1.0, 0.45),
    "report": (2.0, 0.05),
}
_MOST_RECORDS = 50


@dataclass(frozen=True, slots=True)
class Duration:
    """Time that a run may take.

    Parameters
    ----------
    seconds : dict
        By step [s].
    origin : str
        What it is taken from, in words.
    """

    seconds: dict[str, float]
    origin: str

    @property
    def total(self) -> float:
        """Time of all steps [s]."""
        return sum(self.seconds.values())


def expected_duration(plan: Plan, steps: Sequence[str]) -> Duration:
    """How long the steps of a run may take.

    Earlier runs are those that left a record in out_dir, beside it, or below out_root, on a machine of this name.

    Parameters
    ----------
    plan : Plan
    steps : sequence of str
        Of the run, in order.
    """
    table = {step: _by_table(step, plan) for step in steps}
    size = sum(exposure.file.stat().st_size for exposure in plan.science)
    earlier = list(_earlier(plan.config.output_folder, Path(plan.config.out_root).absolute()))
    if not earlier or not size:
        return Duration(table, "by a table")
    nearest = min(earlier, key=lambda record: abs(math.log(_size(record) / size)))
    ratio = size / _size(nearest) * _procs(nearest) / plan.config.n_procs
    times = {step: _scaled(step, seconds, ratio) for step, seconds in nearest["times"].items()}
    origin = f"by the run of {nearest['started'][:16].replace('T', ' ')} UTC here"
    return Duration({step: times.get(step, table[step]) for step in steps}, origin)


def _by_table(step: str, plan: Plan) -> float:
    always, for_megapixel = _TABLE.get(step, (1.0, 0.0))
    megapixels = sum(exposure.n_pixels for exposure in plan.science) / 1e6
    return always + for_megapixel * megapixels / plan.config.n_procs


def _scaled(step: str, seconds: float, ratio: float) -> float:
    """The time of a step for more or fewer pixels; part of it has to do with none."""
    always = min(seconds, _TABLE.get(step, (1.0, 0.0))[0])
    return always + (seconds - always) * ratio


def _earlier(out_dir: Path, out_root: Path) -> Iterator[Mapping[str, Any]]:
    beside, below = out_dir.parent.glob(f"*/{RECORD_NAME}"), out_root.glob(f"*/*/{RECORD_NAME}")
    places = chain([out_dir / RECORD_NAME], beside, below)
    for path in islice(dict.fromkeys(places), _MOST_RECORDS):
        record = read_record(path.parent)
        if record and record["state"] in FINISHED and record["host"].get("name") == platform.node() and _size(record):
            yield record


def _size(record: Mapping[str, Any]) -> int:
    """Bytes of the science exposures."""
    return sum(entry.get("size", 0) for entry in record["inputs"] if entry["role"] == "science")


def _procs(record: Mapping[str, Any]) -> int:
    return record["config"].get("procs") or record["host"].get("cores") or 1
