"""Lv3Step: level-2 exposures in, level-3 mosaic out."""

import logging
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

from app.config.schema import Lv3Config, unknown_keys
from app.config.validation import check
from app.crds import set_environment
from app.pipeline.load import load
from app.pipeline.stamp import Stamp
from app.plan.association import association, write_association
from app.plan.checks import Outlook, preflight
from app.plan.plan import Plan, make_plan
from app.postprocess.tasks import is_made_after, option_differences, tasks
from app.record.provenance import own_version, references
from app.record.record import REPORT_NAME, Record, State, config_differences, input_differences, read_record
from app.run.examine import examine
from app.run.folder import OutputFolder
from app.run.outcome import concluded
from app.runtime.errors import ConfigError, StrictError
from app.runtime.lock import OutputLock
from app.runtime.logs import log_file
from app.runtime.pool import one_pool
from app.runtime.progress import expect
from app.runtime.threads import one_thread

__all__ = ["Lv3Step"]

log = logging.getLogger(__name__)

_STEPS = ("tweakreg", "skymatch", "outlier_detection", "resample", "source_catalog")


class Lv3Step:
    """Make the level-3 mosaic of one target in one band.

    The parameters are those of `config.Lv3Config`, where each is explained; what stands behind `overwrite` in the
    signature is ours and keyword-only.

    Raises
    ------
    ConfigError
        A parameter is unknown or not allowed; the error lists all of them.
    """

    def __init__(
        self,
        target: str,
        band: str,
        in_dir: str | Path,
        out_dir: str | Path | None = None,
        dr_version: str = "v0",
        is_bgr: bool = False,
        step_ext: str = "cal",
        procs: int | None = None,
        tweakreg_degroup_nircam_modules: bool = False,
        tweakreg_degroup_nircam_short_chips: bool = False,
        tweakreg_group_dithers: list[str] | None = None,
        tweakreg_degroup_dithers: list[str] | None = None,
        skymatch_group_dithers: list[str] | None = None,
        skymatch_degroup_dithers: list[str] | None = None,
        bgr_check_type: str = "parallel_off",
        bgr_background_name: str | list[str] = "off",
        process_bgr_like_science: bool = False,
        jwst_parameters: dict[str, Any] | None = None,
        do_drizzle: bool = False,
        do_blot: bool = False,
        blot_fillval: float | str = "nan",
        overwrite: bool = False,
        **options: Any,
    ) -> None:
        given = {k: v for k, v in locals().items() if k not in {"self", "options"}}
        given |= {"in_dir": str(in_dir), "out_dir": None if out_dir is None else str(out_dir)}
        if unknown := unknown_keys(options):
            raise ConfigError(unknown)
        self.config = Lv3Config(**given | {"jwst_parameters": jwst_parameters or {}} | options)
        check(self.config)
        self._folder = OutputFolder(self.config)
        self._plan: Plan | None = None
        self._outlook: Outlook | None = None
        self._record: Record | None = None

    @classmethod
    def from_config(cls, config: Lv3Config) -> "Lv3Step":
        """The step of a configuration."""
        return cls(**{item.name: getattr(config, item.name) for item in fields(config)})

    @property
    def plan(self) -> Plan:
        """What the run is going to do; reads the headers at first use."""
        if self._plan is None:
            self._plan = make_plan(self.config)
        return self._plan

    def do_step(self) -> bool:
        """Make the mosaic and all that belongs to it, or return at once where that is done.

        Returns
        -------
        bool
            True: the products are in `out_dir`.

        Raises
        ------
        Lv3Error
            Of the class that says why; the record in `out_dir` says it too.
        """
        set_environment(self.config.crds)
        with one_thread(), one_pool(self.config.n_procs, load):
            return self._do_step()

    def _do_step(self) -> bool:
        earlier = self._earlier()
        if earlier and earlier["state"] in (State.SUCCESS, State.CAVEATS) and not self._has_missing(earlier):
            self._folder.tidy()
            log.info("%s is finished already; overwrite=true makes it again", self.config.output_folder)
            return True
        self._outlook = preflight(self.plan) if earlier is None else None
        with self._folder.taken() as lock:
            self._run(lock)
        self._say_where()
        return True

    def _run(self, lock: OutputLock) -> None:
        """Run what is missing, in a folder that is ours."""
        earlier = self._earlier()  # again: another run may have ended since
        found = read_record(self._folder.path)
        self._record = record = Record(self._folder.path, self.config, earlier, lock.check)
        cost = self._outlook.cost if self._outlook else None
        with (
            log_file(self._folder.path, append=earlier is not None),
            concluded(record, self.plan, self._folder, cost),
        ):
            if found and found["state"] == State.RUNNING:
                log.warning("the run of %s (%s) was cut off without a word", found["started"], _process(found))
            record.add_caveats(self._outlook.caveats if self._outlook else [])
            expect(self._steps(earlier))
            if earlier is None:
                self._folder.remove(product["file"] for product in (found or {"products": []})["products"])
                self._make(record)
            self._postprocess(record)
        if self.config.strict and (caveats := record.data["caveats"]):
            raise StrictError(f"{caveat['code']}: {caveat['message']} {caveat['hint']}" for caveat in caveats)

    def _say_where(self) -> None:
        """Name what a user looks at first, and what stands against it."""
        assert self._record is not None
        for caveat in self._record.data["caveats"]:
            log.info("caveat: %s %s", caveat["message"], caveat["hint"])
        log.info("mosaic: %s", self._folder.path / f"{self.plan.product}_i2d.fits")
        log.info("record: %s", self._record.path)
        if self.config.report:
            log.info("report: %s", self._folder.path / REPORT_NAME)

    def _steps(self, earlier: dict[str, Any] | None) -> list[str]:
        """What the run is going to do, by name, in order."""
        pipeline = [step for step in _STEPS if not self.plan.parameters.of(step, "skip")]
        after = [task.name for task in tasks(self.config)] + ["report"] * self.config.report
        return after if earlier else [*pipeline, "measure", *after]

    def _make(self, record: Record) -> None:
        members = self.plan.members
        record.add_inputs(members)
        record.add(references=references(self.plan.references))
        association_file = self.create_asn_file([member.exposure.path for member in members])
        record.add_products([association_file])
        files = self.run_step(association_file)
        self.propagate_metadata(files)
        examine(self.plan, record, self._folder.products)
        record.add_products(files)  # listed first: what is published is always known as ours
        self._folder.publish(files)
        record.add(pipeline="complete")

    def _postprocess(self, record: Record) -> None:
        """Make the products of every exposure that are asked for and not there."""
        if self._has_missing(record.data):
            from app.postprocess.products import postprocess

            mosaic = f"{self.plan.product}_i2d.fits"
            work = self._folder.work / "postprocess"
            postprocess(self.config, mosaic, record, self._stamp(), work)

    def create_asn_file(self, files: Iterable[str | Path]) -> Path:
        """Write the association of `files` into `out_dir`.

        Parameters
        ----------
        files : iterable of path
            Level-2 exposures; background is told by the configuration.

        Returns
        -------
        Path
            ``out_dir/asn_lv3_<band>.json``.
        """
        paths = [Path(file) for file in files]
        if self._plan is None or paths != [m.exposure.path for m in self._plan.members]:
            self._plan = make_plan(self.config, paths)
        self.config.output_folder.mkdir(parents=True, exist_ok=True)
        table = association(self.plan.members, self.plan.product, str(self.config.target))
        return write_association(table, self.plan.association_path)

    def run_step(self, asn_file: str | Path) -> list[Path]:
        """Run the pipeline on an association.

        Parameters
        ----------
        asn_file : path
            An association that `create_asn_file` wrote.

        Returns
        -------
        list of Path
            The products, still in the run's work folder.
        """
        set_environment(self.config.crds)
        from app.pipeline.run import run_pipeline

        record = self._record or Record(self.config.output_folder, self.config)
        products = self._folder.products
        products.mkdir(parents=True, exist_ok=True)
        with one_thread():
            return run_pipeline(Path(asn_file), self.plan, self._stamp(), record, products)

    def propagate_metadata(self, files: Iterable[str | Path]) -> None:
        """Write into products what they were made by: program, data processing version, CRDS context.

        Parameters
        ----------
        files : iterable of path
            FITS files and tables; those that say it already are left alone.
        """
        stamp = self._stamp()
        for file in files:
            stamp.on_file(Path(file))

    def _stamp(self) -> Stamp:
        return Stamp(own_version(), str(self.config.dr_version), self.config.crds.context)

    def _earlier(self) -> dict[str, Any] | None:
        """The record of an earlier run that made just this mosaic; another one is refused, unless it may be replaced.

        What that run made after the mosaic may be less than what is asked for now, or more.
        """
        folder = self.config.output_folder
        record = read_record(folder)
        if self.config.overwrite or record is None or record.get("pipeline") != "complete":
            return None
        differences = [
            *config_differences(record, self.config),
            *input_differences(record, self.plan.members),
            *option_differences(record, self.config),
        ]
        if differences:
            where = f"out_dir={folder} holds a finished run that differs"
            raise ConfigError([f"{where}; set overwrite=true, or another out_dir", *differences])
        products = [p["file"] for p in record["products"] if not is_made_after(p["file"])]
        is_whole = all((folder / name).is_file() for name in products if name != REPORT_NAME)
        return record if is_whole or self._has_missing(record) else None

    def _has_missing(self, record: dict[str, Any]) -> bool:
        """Whether products are asked for that are made after the mosaic and are not there."""
        return any(task.missing(record, self.config.output_folder) for task in tasks(self.config))


def _process(record: dict[str, Any]) -> str:
    return f"process {record['host']['pid']} on {record['host']['name']}"
