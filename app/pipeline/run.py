"""Run the pipeline: the only place where a plan meets jwst."""

from pathlib import Path

from app.pipeline.divided.library import ExposureLibrary
from app.pipeline.divided.read_noise import rescale_read_noise
from app.pipeline.pipeline import make_pipeline
from app.pipeline.solution.levels import SkyOptions
from app.pipeline.stamp import Stamp
from app.plan.grid import write_grid
from app.plan.parameters import Layer
from app.plan.plan import Plan
from app.plan.serial_fallback import undivided
from app.plan.sky_levels import match_levels, write_levels
from app.record.record import Record

__all__ = ["run_pipeline"]


def run_pipeline(association: Path, plan: Plan, stamp: Stamp, record: Record, output_dir: Path) -> list[Path]:
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

    Returns
    -------
    list of Path
        The products.
    """
    pipeline = make_pipeline([*plan.layers, _made_files(plan, output_dir.parent)], output_dir)
    pipeline.group_ids = {step: _by_file(plan.groups[step]) for step in ("tweakreg", "skymatch")}
    pipeline.stamp, pipeline.record, pipeline.groups_used = stamp, record, {}
    record.add(parameters=pipeline.get_pars(), parameter_origins=plan.parameters.origins)
    pipeline.procs, pipeline.work_dir = plan.config.n_procs, output_dir.parent
    if plan.config.sky_method == "solution":
        pipeline.sky_solution = SkyOptions(int(plan.config.sky_order), str(plan.config.sky_anchor))
    pipeline.spared_fwhm = plan.band.fwhm if plan.config.outliers == "spare_stars" else None
    kept = undivided(plan, plan.parameters)
    pipeline.is_lean = kept is None or not kept.pixels
    library = ExposureLibrary(association, plan.config.n_procs)
    if plan.config.errors == "rescaled":
        record.add(noise_factors=rescale_read_noise(library, plan.config.n_procs))
    pipeline.run(library)
    record.add(groups=pipeline.groups_used)
    return sorted(path for path in output_dir.iterdir() if path.is_file())


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


def _by_file(grouped: dict[str, list[str]]) -> dict[str, str]:
    return {name: group for group, names in grouped.items() for name in names}
