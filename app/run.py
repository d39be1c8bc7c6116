"""Run the pipeline: the only place where a plan meets jwst."""

import logging
from pathlib import Path

from app.library import GroupedLibrary
from app.pipeline import make_pipeline
from app.plan import Plan
from app.record import Record
from app.stamp import Stamp

__all__ = ["run_pipeline"]

log = logging.getLogger(__name__)


def run_pipeline(association: Path, plan: Plan, stamp: Stamp, record: Record, output_dir: Path) -> list[Path]:
    """Run the pipeline on an association.

    Parameters
    ----------
    association : Path
    plan : Plan
        Groups and parameters.
    stamp : Stamp
        What every product is to say.
    record : Record
        Takes times, groups and effective parameters.
    output_dir : Path
        Folder for the products.

    Returns
    -------
    list of Path
        The products.
    """
    pipeline = make_pipeline(association, plan.parameters, output_dir)
    pipeline.group_ids = {step: _by_file(plan.groups[step]) for step in ("tweakreg", "skymatch")}
    pipeline.stamp, pipeline.record, pipeline.groups_used = stamp, record, {}
    record.add(parameters=pipeline.get_pars())
    library = GroupedLibrary(
        association, asn_exptypes=["science"], on_disk=not pipeline.in_memory, temp_directory=output_dir.parent
    )
    pipeline.run(library)
    record.add(groups=pipeline.groups_used)
    return sorted(path for path in output_dir.iterdir() if path.is_file())


def _by_file(grouped: dict[str, list[str]]) -> dict[str, str]:
    return {name: group for group, names in grouped.items() for name in names}
