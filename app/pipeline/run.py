"""Run the pipeline: the only place where a plan meets jwst."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.observation.fits_internals import careful_writes
from app.observation.names import ascii_name, is_of_catalogue
from app.pipeline.aligned import Aligned
from app.pipeline.context import Context, Notes
from app.pipeline.divided.library import ExposureLibrary
from app.pipeline.divided.mosaic_file import MosaicFile
from app.pipeline.divided.read_noise import rescale_read_noise
from app.pipeline.load import load
from app.pipeline.pipeline import make_pipeline
from app.pipeline.solution.background import subtract_background
from app.pipeline.solution.choice import AlignmentChoice
from app.pipeline.solution.levels import SkyOptions
from app.pipeline.stamp import Stamp
from app.pipeline.tile_catalogues import make_catalogues
from app.plan.backgrounds import backgrounds
from app.plan.catalogue import mean_epoch
from app.plan.catalogue_table import catalogue_file, read_catalogue
from app.plan.corrections import read_corrections
from app.plan.grid import write_grid
from app.plan.parameters import Layer
from app.plan.plan import Plan
from app.plan.serial_fallback import serial_fallback
from app.plan.sky_levels import match_levels, write_levels
from app.plan.values import bit_flags
from app.runtime.checkpoints import scope
from app.runtime.pool import one_pool

__all__ = ["context_of", "run_pipeline"]


def run_pipeline(
    association: Path,
    plan: Plan,
    stamp: Stamp,
    notes: Notes,
    output_dir: Path,
    take: Callable[[list[Path]], None] = lambda _: None,
    mosaic: Path | None = None,
    aligned: Aligned | None = None,
) -> list[Path]:
    """Run the pipeline on an association.

    Parameters
    ----------
    association : Path
    plan : Plan
        Groups and parameters, checked before (see `preflight`).
    stamp : Stamp
        What every product says about how it was made.
    notes : Notes
        Takes times, groups, effective parameters and what the steps measure: the record.
    output_dir : Path
        Folder for the products.
    take : callable
        Is given products as soon as they are complete, the mosaic and its exposures before the catalogue is made; it
        may move them.
    mosaic : Path, optional
        An earlier start has finished it and its exposures: only what comes after it is made.
    aligned : Aligned, optional
        An earlier run has aligned the exposures and found their sky levels: only what comes after that is made.

    Returns
    -------
    list of Path
        The products that are still in `output_dir`.
    """

    def hand_over() -> None:
        if pipeline.groups_used:
            notes.add(groups=pipeline.groups_used)
        take(_made(plan, output_dir))

    _remove_parts(plan, output_dir)
    context = replace(context_of(plan, stamp, notes, output_dir, hand_over), aligned=aligned)
    made = [_made_files(plan, context.work_dir), _moved_catalogue(plan, notes, context.work_dir)]
    chosen = [*plan.layers, *made]
    pipeline = make_pipeline(chosen, context)
    notes.add(parameters=_as_given(pipeline.get_pars(), made, plan), parameter_origins=plan.parameters.origins)
    with careful_writes():
        if mosaic is not None:
            with one_pool(context.procs, load):
                pipeline.run(MosaicFile(mosaic))
        else:
            with one_pool(context.procs, load):
                pipeline.run(_read(association, plan, context))
                if pipeline.tiles and not plan.parameters.skips("source_catalog"):
                    make_catalogues(chosen, context, pipeline.tiles)
    context.take()
    return _made(plan, output_dir)


def _read(association: Path, plan: Plan, context: Context) -> ExposureLibrary:
    """The exposures, their background subtracted and with errors as the configuration asks for."""
    with scope("exposures"):
        library = ExposureLibrary(association, context.procs)
        if plan.config.background_use != "none":
            context.notes.add(background=_subtract_background(library, plan, context))
        if plan.config.errors == "rescaled":
            context.notes.add(noise_factors=rescale_read_noise(library, context.procs))
    return library


def context_of(plan: Plan, stamp: Stamp, notes: Notes, output_dir: Path, take: Callable[[], None]) -> Context:
    """The part of a plan that the steps need."""
    config = plan.config
    kept = serial_fallback(plan, plan.parameters)
    solves_sky = config.sky_method == "solution"
    return Context(
        procs=config.n_procs,
        products=output_dir,
        work_dir=output_dir.parent,
        group_ids=plan.group_of,
        stamp=stamp,
        alignment=_alignment(plan),
        notes=notes,
        product=plan.product,
        sky_solution=SkyOptions(int(config.sky_order), str(config.sky_anchor)) if solves_sky else None,
        spared_fwhm=plan.band.fwhm if config.outliers == "spare_stars" else None,
        is_lean=kept is None or not kept.pixels,
        saves_exposures=bool(plan.exposure_products),
        tiling=plan.tiling,
        take=take,
        published=config.output_folder,
        catalogue=config.catalogue,
    )


def _subtract_background(library: ExposureLibrary, plan: Plan, context: Context) -> dict[str, Any]:
    files = {name: [exposure.path for exposure in found] for name, found in backgrounds(plan).items()}
    return {"use": plan.config.background_use} | subtract_background(
        library,
        files,
        is_image=plan.config.background_use == "image",
        dqbits=bit_flags(plan.parameters.of("skymatch", "dqbits")),
        folder=context.work_dir,
        procs=context.procs,
    )


def _remove_parts(plan: Plan, folder: Path) -> None:
    """Remove what a killed start may have half written in a folder: exposures and tiles are whole, these may not be."""
    for path in folder.iterdir():
        if path.name in (plan.names.mosaic, ascii_name(plan.names.mosaic)) or is_of_catalogue(path.name):
            path.unlink()


def _made(plan: Plan, folder: Path) -> list[Path]:
    """The products in a folder, by their own names: jwst writes a file's name into its header, which holds ASCII."""
    root, there = ascii_name(plan.product), [path for path in folder.iterdir() if path.is_file()]
    return sorted(
        path.rename(folder / f"{plan.product}{path.name[len(root) :]}") if path.name.startswith(f"{root}_") else path
        for path in there
    )


def _alignment(plan: Plan) -> AlignmentChoice:
    config = plan.config
    leaders = read_corrections(Path(str(config.align_from))) if config.aligned_by == "from_run" else []
    exposures = {exposure.name: exposure for exposure in plan.science}
    return AlignmentChoice(config.aligned_by, exposures, float(config.search_displaced), leaders)


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


def _moved_catalogue(plan: Plan, notes: Notes, folder: Path) -> Layer:
    """The absolute catalogue at the epoch of the exposures, where it says how; the record says what it was."""
    path = None if plan.parameters.skips("tweakreg") else catalogue_file(plan.parameters)
    if path is None:
        return Layer("files", {})
    catalogue, epoch = read_catalogue(path), mean_epoch(plan.science)
    moved = catalogue.at(epoch) if epoch else catalogue
    is_moved = moved is not catalogue
    notes.add(
        catalogue={
            "file": str(path.absolute()),
            "n_rows": len(catalogue),
            "n_inside": int(moved.inside(plan.science).sum()),
            "epoch": epoch if is_moved else None,
        }
    )
    return Layer("files", {"tweakreg": {"abs_refcat": str(moved.write(folder))}} if is_moved else {})
