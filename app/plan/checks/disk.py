"""Folders that cannot be written to, and disks that are too small."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from app.plan.cost import Estimate
from app.plan.plan import Plan
from app.record.provenance import versions
from app.record.record import read_record
from app.record.standing import standing
from app.runtime.disk import existing_part, folder_size, free_space
from app.runtime.errors import InputError

__all__ = ["check"]

_GB = 1e9


def check(plan: Plan, cost: Estimate | None) -> Iterator[InputError]:
    """out_dir and work_dir, as they are before the run."""
    for key, folder in _folders(plan).items():
        found = existing_part(folder)
        if not found.is_dir():
            yield InputError(f"{key}={folder}: {found} is no folder")
        elif not os.access(found, os.W_OK | os.X_OK):
            why = "it is mounted read-only" if os.statvfs(found).f_flag & os.ST_RDONLY else "permission is denied"
            yield InputError(f"{key}={folder}: cannot be written to: {why} (at {found})")
        elif cost and (needed := _needed(plan, cost, key)) > (free := free_space(folder)):
            free += _ours(plan, folder)  # only here: it may compare all inputs with those of an earlier run
            if needed > free:
                amounts = f"some {needed / _GB:.3f} GB are needed, and {free / _GB:.3f} GB are free"
                yield InputError(f"{key}={folder}: {amounts}: make room, or set {key} to another disk")


def _folders(plan: Plan) -> dict[str, Path]:
    folders = {"out_dir": plan.config.output_folder}
    return folders | ({"work_dir": Path(plan.config.work_dir).absolute()} if plan.config.work_dir else {})


def _needed(plan: Plan, cost: Estimate, key: str) -> int:
    """Room that a folder needs: for all of it, unless products and temporary files are on two disks [byte]."""
    if len({existing_part(folder).stat().st_dev for folder in _folders(plan).values()}) == 1:
        return cost.disk
    return cost.disk_products if key == "out_dir" else cost.disk_work


def _ours(plan: Plan, folder: Path) -> int:
    """Size of what is there already [byte]: products that the run removes or goes on with, and what is not finished."""
    record = read_record(folder) or {"products": []}
    products = [] if _stay(plan, record) else [folder / product["file"] for product in record["products"]]
    replaced = sum(path.stat().st_size for path in products if path.is_file())
    work = plan.config.work_folder
    return replaced + (folder_size(work) if work.is_relative_to(folder) else 0)


def _stay(plan: Plan, record: Mapping[str, Any]) -> bool:
    """Whether products stay until others are there: outliers are flagged again, by this start or since an earlier."""
    is_begun = "products" in record.get("kept_from", {}) and "pipeline" not in record
    return is_begun or standing(plan.config, plan.members, versions()).aligned is not None
