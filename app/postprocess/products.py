"""Products for each exposure of a finished mosaic, in out_dir: by several processes, one product each at a time."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from app.config.schema import Lv3Config
from app.observation.names import CRF, DRIZZLED, exposure_product
from app.pipeline.stamp import Stamp
from app.postprocess.blot import Blotted, blot_mosaic
from app.postprocess.drizzle import Drizzled, drizzle_exposures
from app.postprocess.mosaic import AGAIN, Mosaic, read_mosaic
from app.record.caveats import Caveat
from app.record.entries import product_entry
from app.record.product_kinds import ProductKind, product_kinds
from app.record.record import Record
from app.runtime.errors import MemoryExceededError, PostprocessError
from app.runtime.files import publish, sha256
from app.runtime.pool import run_all

__all__ = ["postprocess"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Job:
    """One file to make: of which kind, from which exposures, with which checksums, under which name."""

    kind: ProductKind
    exposures: list[Path]
    checksums: list[str]
    output: Path


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The outcome of a job; what the record says of its product."""

    job: _Job
    entry: dict[str, Any] | None = None
    problem: str = ""
    is_disk_full: bool = False
    is_empty: bool = False


def postprocess(config: Lv3Config, mosaic: str, record: Record, stamp: Stamp, work: Path) -> None:
    """Make what the configuration asks for beside a finished mosaic, where it does not exist yet.

    Only files that the run has published are read, so it does not matter when the mosaic was made.

    Parameters
    ----------
    config : Lv3Config
    mosaic : str
        File name of the mosaic, in ``out_dir``.
    record : Record
        Of the run that made the mosaic; takes every product as it is finished, and the exposures that the mosaic does
        not cover as caveats.
    stamp : Stamp
    work : Path
        Folder for unfinished files, on the file system of ``out_dir``.

    Raises
    ------
    PostprocessError
        The mosaic cannot be used, or products could not be made: all the problems. What was finished stays.
    """
    folder = config.output_folder
    checksums = {product["file"]: product["sha256"] for product in record.data["products"]}
    if mosaic not in checksums:
        raise PostprocessError(f"{record.path}: lists no {mosaic}; do_drizzle and do_blot need the step resample")
    target = read_mosaic(folder / mosaic, checksums[mosaic])
    work.mkdir(parents=True, exist_ok=True)
    problems = []
    for kind in product_kinds(config):
        missing = kind.missing(record.data, folder)
        jobs = [_job(kind, files, folder, checksums, work / product) for product, files in missing.items()]
        record.add(postprocess=record.data.get("postprocess", {}) | {kind.name: kind.options})
        log.info("%s: %d %s", kind.name, len(jobs), "groups" if kind.by_group else "exposures")
        with record.timed(kind.name):
            problems += _make_all(jobs, target, config.n_procs, record, stamp)
    if problems:
        raise PostprocessError(
            [*problems, "the mosaic is fine, and what is finished is listed: run again for the rest"]
        )


def _job(kind: ProductKind, files: Iterable[Path], folder: Path, checksums: dict[str, str], output: Path) -> _Job:
    names = [exposure_product(file.name, CRF) for file in files]
    return _Job(kind, [folder / name for name in names], [checksums.get(name, "") for name in names], output)


def _make_all(jobs: list[_Job], mosaic: Mosaic, procs: int, record: Record, stamp: Stamp) -> list[str]:
    """Make files, and publish each as it is finished; returns the problems."""
    parameters = record.data["parameters"]["steps"]["resample"]
    function = partial(_make, mosaic=mosaic, parameters=parameters, stamp=stamp)
    failed: list[_Outcome] = []

    def wanted() -> Iterator[_Job]:
        """The jobs, until the disk is full."""
        for job in jobs:
            if any(outcome.is_disk_full for outcome in failed):
                return
            yield job

    for made in run_all(function, wanted(), min(procs, len(jobs))):
        outcome = made if made.problem else _publish(made, mosaic, record)
        if outcome.problem:
            failed.append(outcome)
    return [outcome.problem for outcome in failed]


def _publish(outcome: _Outcome, mosaic: Mosaic, record: Record) -> _Outcome:
    """Move a finished file to its place and list it."""
    output, entry = outcome.job.output, outcome.entry
    assert entry is not None
    try:
        record.add_entries([entry])  # listed first: what is published is always known as ours
        publish(output, record.path.parent)
        if outcome.is_empty:
            record.add_caveats([_not_covered(output, mosaic)])
    except OSError as error:
        return _no_room(outcome.job, error)
    log.info("%s", output.name, extra={"file_only": True})  # the terminal counts them
    return outcome


def _make(job: _Job, mosaic: Mosaic, parameters: dict, stamp: Stamp) -> _Outcome:
    """Make one file, in the work folder; a problem is an outcome too, so that the other exposures go on."""
    where = f"{job.exposures[0]}: no {job.kind.name} of it"
    try:
        for exposure, checksum in zip(job.exposures, job.checksums, strict=True):
            if sha256(exposure) != checksum:
                problem = f"{exposure}: no {job.kind.name} of it: it was replaced, edited or damaged"
                return _Outcome(job, problem=f"{problem} since the mosaic was made; {AGAIN}")
        made = _make_image(job, mosaic, parameters)
    except MemoryError as error:
        raise MemoryExceededError(f"{where}: out of memory; a smaller procs needs less") from error
    except Exception as error:  # noqa: BLE001 - whatever jwst raises
        return _Outcome(job, problem=f"{where}: {type(error).__name__}: {error}; {AGAIN}")
    try:
        stamp.on_model(made.image)
        made.save(job.output)
        return _Outcome(job, product_entry(job.output), is_empty=made.is_empty)
    except OSError as error:
        job.output.unlink(missing_ok=True)
        return _no_room(job, error)


def _make_image(job: _Job, mosaic: Mosaic, parameters: dict) -> Drizzled | Blotted:
    options = job.kind.options
    if job.kind.suffix == DRIZZLED:
        return drizzle_exposures(job.exposures, mosaic, parameters, options["drizzle_footprint_only"])
    return blot_mosaic(job.exposures[0], mosaic, parameters, float(options["blot_fillval"]))


def _no_room(job: _Job, error: OSError) -> _Outcome:
    return _Outcome(
        job, problem=f"{job.output.name}: cannot be written ({error.strerror or error}); make room", is_disk_full=True
    )


def _not_covered(output: Path, mosaic: Mosaic) -> Caveat:
    return Caveat(
        "not_covered",
        f"{output.name}: {mosaic.path.name} has no data where this exposure is; all of its pixels have the fill value",
        "see whether the mosaic's grid leaves the exposure out (resample's output_shape, crpix, crval, output_wcs), "
        "or all its pixels are flagged",
    )
