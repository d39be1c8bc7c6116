"""The finished runs of a release, and why one cannot be released."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from app.config.schema import Lv3Config
from app.observation.bands import find_bands
from app.observation.hlsp import Collection, hlsp_target
from app.observation.names import ProductNames
from app.record.flagged import faults_of
from app.record.record import FINISHED, read_record
from app.runtime.errors import InputError
from app.runtime.files import sha256
from app.sweep.summary import find_jobs

__all__ = ["Run", "file_name", "releasable_runs"]


@dataclass(frozen=True)
class Run:
    """One finished run.

    Parameters
    ----------
    folder : Path
        Its out_dir.
    record : mapping
        Content of its lv3_run.json.
    """

    folder: Path
    record: Mapping[str, Any]

    @cached_property
    def products(self) -> frozenset[str]:
        """Names of all that it made."""
        return frozenset(product["file"] for product in self.record["products"])

    @cached_property
    def names(self) -> ProductNames:
        """Names of its products; two instruments share names of bands, and only one has made the mosaic."""
        config = self.record["config"]
        found = [ProductNames(config["target"], b, config["is_bgr"]) for b in find_bands(config["band"])]
        return next((names for names in found if names.mosaic in self.products), found[0])

    @property
    def mosaic(self) -> Path:
        """Its mosaic."""
        return self.folder / self.names.mosaic

    @property
    def has_mosaic(self) -> bool:
        """Whether it made one: resample can be skipped."""
        return self.names.mosaic in self.products

    @property
    def instrument(self) -> str:
        """``miri``, ``nircam`` or ``niriss``."""
        return str(self.names.band.instrument)

    @property
    def target(self) -> str:
        """Its target; one of background exposures is another."""
        return f"{self.names.target}-bgr" if self.names.is_bgr else self.names.target

    @property
    def band(self) -> str:
        """Name of its band."""
        return self.names.band.name

    @property
    def wavelength(self) -> int:
        """Of the band [10 nm]: the number in its name."""
        return int(re.sub(r"\D", "", self.band))

    @property
    def key(self) -> tuple[str, str, str]:
        """What no two runs of a release may share, for their files would have the same names."""
        return self.instrument, hlsp_target(self.target), self.band


def file_name(config: Lv3Config, runs: Sequence[Run], kind: str, extension: str) -> str:
    """Name of a file of a release that shows one run or several; `config` has identifier and version."""
    collection = Collection(str(config.hlsp_id), str(config.hlsp_version))
    instruments, targets, bands = zip(*((run.instrument, run.target, run.band) for run in runs), strict=True)
    return collection.name(instruments, targets, bands, kind, extension)


def releasable_runs(root: Path, accept: Iterable[str], procs: int) -> list[Run]:
    """The runs in a folder and below it, all of which can be released together; by target and wavelength.

    Parameters
    ----------
    root : Path
        out_dir of a run, or out_root of a sweep.
    accept : iterable of str
        Codes of caveats that a run may have.
    procs : int
        Number of files that are read at the same time.

    Raises
    ------
    InputError
        There is no run, or one cannot be released; with all problems of all runs.
    """
    jobs = find_jobs(root)
    if not jobs:
        raise InputError(f"{root}: no run has left a record in this folder or below it; give out_dir, or out_root")
    runs = [Run(Path(job["out_dir"]), record) for job in jobs if job["out_dir"] and (record := _finished(job))]
    there = {str(run.folder) for run in runs}
    problems = [
        f"{job['out_dir'] or job['job']}: is no finished run: {_state(job)}; finish it, or release runs one by one"
        for job in jobs
        if str(job["out_dir"]) not in there
    ]
    problems += [problem for run in runs for problem in _of_one(run, set(accept))]
    with ThreadPoolExecutor(procs) as pool:
        problems += [problem for found in pool.map(_changed, runs) for problem in found]
    problems += [*_mixed(runs), *_twice(runs)]
    if problems:
        raise InputError(problems)
    return sorted(runs, key=lambda run: (run.target, run.wavelength))


def _finished(job: Mapping[str, Any]) -> dict[str, Any] | None:
    record = read_record(Path(job["out_dir"]))
    return record if record and record["state"] in FINISHED and job.get("state") != "refused" else None


def _state(job: Mapping[str, Any]) -> str:
    record = read_record(Path(job["out_dir"])) if job["out_dir"] else None
    return str(record["state"] if record else job.get("state", "not started"))


def _of_one(run: Run, accepted: set[str]) -> Iterator[str]:
    if not run.has_mosaic:
        yield f"{run.folder}: the run made no mosaic in one piece"
    caveats = [*run.record["caveats"], *_faults(run)]
    codes = {caveat["code"] for caveat in caveats} - accepted
    for caveat in caveats:
        if caveat["code"] in codes:
            yield f"{run.folder}: caveat {caveat['code']}: {caveat['message']}"
    if codes:
        yield f"{run.folder}: look at its report; what is as it should be: accept=[{','.join(sorted(codes))}]"


def _faults(run: Run) -> list[dict[str, str]]:
    """Faults of the version that made it, as caveats, but for those that were known when it ran."""
    version = run.record["versions"]["jwst-lv3"]
    known = {caveat["message"] for caveat in run.record["caveats"]}
    found = [asdict(fault.caveat(version)) for fault in faults_of(version)]
    return [caveat for caveat in found if caveat["message"] not in known]


def _changed(run: Run) -> list[str]:
    """Products that are gone, or not what the run made."""
    found = []
    for product in run.record["products"]:
        path = run.folder / product["file"]
        if not path.is_file():
            found.append(f"{path}: is gone; run it again with overwrite=true")
        elif path.stat().st_size != product["size"] or sha256(path) != product["sha256"]:
            found.append(f"{path}: was changed after the run (its checksum is another); run it again")
    return found


def _mixed(runs: Sequence[Run]) -> Iterator[str]:
    """What one release has one of: versions of programs, CRDS context, data processing version."""
    tables = [
        {
            **run.record["versions"],
            "CRDS context": run.record["config"]["crds"]["context"],
            "dr_version": run.record["config"]["dr_version"],
        }
        for run in runs
    ]
    for name in sorted({name for table in tables for name in table}):
        values: dict[str, Path] = {}
        for run, table in zip(runs, tables, strict=True):
            values.setdefault(str(table.get(name)), run.folder)
        if len(values) > 1:
            where = ", ".join(f"{value} in {folder}" for value, folder in values.items())
            yield f"{name}: {where}; one release has one: the same command for all runs makes them anew"


def _twice(runs: Sequence[Run]) -> Iterator[str]:
    first: dict[tuple[str, str, str], Run] = {}
    for run in runs:
        other = first.setdefault(run.key, run)
        if other is not run:
            yield f"{run.folder}: has the target and band of {other.folder}; a release has one mosaic of each"
