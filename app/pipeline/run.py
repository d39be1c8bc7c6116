"""Run the pipeline: the only place where a plan meets jwst."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.observation.names import ascii_name
from app.pipeline.divided.library import ExposureLibrary
from app.pipeline.pipeline import make_pipeline
from app.pipeline.solution.choice import AlignmentChoice
from app.pipeline.solution.levels import SkyOptions
from app.pipeline.stamp import Stamp
from app.plan.catalogue import catalogue_file, mean_epoch, read_catalogue
from app.plan.corrections import read_corrections
from app.plan.grid import write_grid
from app.plan.parameters import Layer
from app.plan.plan import Plan
from app.plan.serial_fallback import undivided
from app.plan.sky_levels import match_levels, write_levels
from app.record.record import Record

__all__ = ["run_pipeline"]


def run_pipeline(
    association: Path,
    plan: Plan,
    stamp: Stamp,
    record: Record,
    output_dir: Path,
    take: Callable[[list[Path]], None] = lambda _: None,
) -> list[Path]:
    """Run the pipeline on an association.

    Parameters
    ----------
    association : Path
    plan : Plan
        Groups and parameters; what can be refused is refused before (see `preflight`).
    stamp : Stamp
        What every product is to say.
    record : Record
        Takes times, groups and effective parameters.
    output_dir : Path
        Folder for the products.
    take : callable
        Is given products as soon as they are whole, the mosaic and its exposures before the catalogue is made; it may
        move them.

    Returns
    -------
    list of Path
        The products that are still in `output_dir`.
    """
    made = [_made_files(plan, output_dir.parent), _moved_catalogue(plan, record, output_dir.parent)]
    pipeline = make_pipeline([*plan.layers, *made], output_dir)
    pipeline.group_ids = {step: _by_file(plan.groups[step]) for step in ("tweakreg", "skymatch") if step in plan.groups}
    pipeline.stamp, pipeline.record, pipeline.groups_used = stamp, record, {}
    record.add(parameters=_as_given(pipeline.get_pars(), made, plan), parameter_origins=plan.parameters.origins)
    pipeline.procs, pipeline.work_dir = plan.config.n_procs, output_dir.parent
    pipeline.alignment, pipeline.products = _alignment(plan), output_dir
    if plan.config.sky_method == "solution":
        pipeline.sky_solution = SkyOptions(int(plan.config.sky_order), str(plan.config.sky_anchor))
    kept = undivided(plan, plan.parameters)
    pipeline.is_lean = kept is None or not kept.pixels
    pipeline.output_file = ascii_name(f"{plan.product}.fits")  # with an end: jwst takes off what follows the last dot
    pipeline.take = lambda: take(_made(plan, output_dir))
    pipeline.run(ExposureLibrary(association, plan.config.n_procs))
    record.add(groups=pipeline.groups_used)
    pipeline.take()
    return _made(plan, output_dir)


def _made(plan: Plan, folder: Path) -> list[Path]:
    """The products in a folder, by their own names: jwst writes a file's name into its header, which holds ASCII."""
    for name in (plan.names.mosaic, plan.names.catalogue, plan.names.segments):
        if (folder / ascii_name(name)).is_file():
            (folder / ascii_name(name)).rename(folder / name)
    return sorted(path for path in folder.iterdir() if path.is_file())


def _alignment(plan: Plan) -> AlignmentChoice:
    config = plan.config
    leaders = read_corrections(Path(config.align_from)) if config.align_from else []
    return AlignmentChoice(config.alignment, {e.name: e for e in plan.science}, float(config.search_displaced), leaders)


def _made_files(plan: Plan, folder: Path) -> Layer:
    """Files that steps read, made in `folder` from what the user gave."""
    values: dict[str, dict[str, str]] = {}
    grid, sky = plan.parameters.of("resample", "output_wcs"), plan.parameters.of("skymatch", "skymethod")
    if grid.endswith(".fits"):
        values["resample"] = {"output_wcs": str(write_grid(Path(grid), folder))}
    if plan.config.sky_levels and sky == "user":
        levels = match_levels(Path(plan.config.sky_levels), [e.name for e in plan.science])
        values["skymatch"] = {"skylist": str(write_levels(levels, folder))}
    return Layer("files", values)


def _as_given(parameters: dict[str, Any], made: list[Layer], plan: Plan) -> dict[str, Any]:
    """The parameters with what the user gave in place of files that are made of it, and are gone after the run."""
    for layer in made:
        for step, values in layer.values.items():
            parameters["steps"][step] |= {name: plan.parameters.of(step, name) for name in values}
    return parameters


def _moved_catalogue(plan: Plan, record: Record, folder: Path) -> Layer:
    """The absolute catalogue at the epoch of the exposures, where it says how; the record says what it was."""
    path = None if plan.parameters.skips("tweakreg") else catalogue_file(plan.parameters)
    if path is None:
        return Layer("files", {})
    catalogue, epoch = read_catalogue(path), mean_epoch(plan.science)
    moved = catalogue.at(epoch) if epoch else catalogue
    is_moved = moved is not catalogue
    record.add(
        catalogue={
            "file": str(path.absolute()),
            "n_rows": len(catalogue),
            "n_inside": int(moved.inside(plan.science).sum()),
            "epoch": epoch if is_moved else None,
        }
    )
    return Layer("files", {"tweakreg": {"abs_refcat": str(moved.write(folder))}} if is_moved else {})


def _by_file(grouped: dict[str, list[str]]) -> dict[str, str]:
    return {name: group for group, names in grouped.items() for name in names}
