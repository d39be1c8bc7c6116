"""Lv3Step: level-2 exposures in, level-3 mosaic out."""

import json
import logging
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

from app.config.by_name import settings
from app.config.schema import Lv3Config
from app.config.validation import check
from app.crds import set_environment
from app.observation.names import REPORT_NAME
from app.observation.packed import unpack
from app.pipeline.load import load
from app.pipeline.stamp import Stamp
from app.plan.association import association_text, write_association
from app.plan.checks import Outlook, preflight
from app.plan.checks.outputs import check_strangers
from app.plan.checks.size import check_start
from app.plan.plan import Plan, make_plan
from app.record.provenance import own_version
from app.record.record import Record, read_record
from app.run.folder import OutputFolder
from app.run.making import Making
from app.run.opening import say_how_it_is_made, say_what_comes, say_what_was_before, steps_to_come
from app.run.outcome import concluded, refuse_caveats, say_where
from app.run.result import Result, read_result
from app.run.resumption import beginning, left_before
from app.runtime.asdf_internals import quick_asdf
from app.runtime.errors import InputError
from app.runtime.garbage import own_garbage
from app.runtime.lock import OutputLock
from app.runtime.logs import log_file
from app.runtime.notebook import shown_in_notebook
from app.runtime.pool import one_pool, ready_pool
from app.runtime.threads import one_thread

__all__ = ["Lv3Step"]

log = logging.getLogger(__name__)


class Lv3Step:
    """Make the level-3 mosaic of one target in one band.

    The parameters are those of `config.Lv3Config`, where each is explained; those after `overwrite` in the
    signature are keyword-only. Config groups are given by the names of their options, ``recipe="survey"``, and have the
    same defaults as for the command; ``presets={}`` leaves those out.

    Raises
    ------
    ConfigError
        A parameter is unknown or not allowed; the error lists all of them.
    """

    def __init__(
        self,
        target: str,
        band: str,
        in_dir: str | Path | list[str | Path],
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
        self.config = Lv3Config(**settings(given | {"jwst_parameters": jwst_parameters or {}}, options))
        check(self.config)
        self._folder = OutputFolder(self.config)
        self._plan: Plan | None = None
        self._outlook: Outlook | None = None

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

    @property
    def result(self) -> Result:
        """What the run made, from its record; without one an `InputError`."""
        return read_result(self.config.output_folder)

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
        with shown_in_notebook(), one_thread(), quick_asdf():
            set_environment(self.config.crds)  # before processes are started, which take it over
            check_start(self.config.n_procs)
            with one_pool(self.config.n_procs, load):
                return self._do_step()

    def _do_step(self) -> bool:
        found = left_before(self.plan)
        if found.record and found.is_finished:
            self._folder.tidy()
            log.info("%s is finished already; overwrite=true makes it again", self.config.output_folder)
            refuse_caveats(found.record, self.config.strict)
            return True
        self._outlook = preflight(self.plan) if found.record is None else None
        for error in check_strangers(self.plan):  # for what is made after a mosaic that is there
            raise error
        ready_pool()
        with self._folder.taken() as lock:
            record = self._run(lock)
        say_where(record, self._folder, self.plan)
        return True

    def _run(self, lock: OutputLock, with_companions: bool = True) -> Record:
        """Run what is missing, in a folder that is ours; companions are made of each exposure after the mosaic."""
        found = read_record(self._folder.path)
        begin = beginning(self.plan, self._folder, found)
        if not begin.keeps_work:
            self._folder.clear()
        self._folder.prepare()
        # Until they are removed, products of an earlier run are listed: what is in no record, no run may touch.
        listed = {"products": found["products"]} if found else None
        record = Record(self._folder.path, self.config, begin.record or listed, lock.check)
        cost = self._outlook.cost if self._outlook else None
        with (
            own_garbage(),
            log_file(self._folder.path, append=begin.record is not None or found is None),  # none: it may be another's
            concluded(record, self.plan, self._folder, cost),
        ):
            say_how_it_is_made(self.config)
            say_what_was_before(found, begin)
            record.add_caveats(self._outlook.caveats if self._outlook else [])
            for exposure in (member.exposure for member in self.plan.members):
                if exposure.packed:
                    unpack(exposure.packed, exposure.path)
            say_what_comes(self.plan, self._outlook, steps_to_come(self.plan, begin, with_companions))
            making = Making(self.plan, self._folder, record, self._stamp())
            making.make(begin)
            if with_companions:
                making.make_companions()
        self._folder.clear_up()
        refuse_caveats(record.data, self.config.strict)
        return record

    def create_asn_file(self, files: Iterable[str | Path]) -> Path:
        """Write the association of `files` into `out_dir`.

        Parameters
        ----------
        files : iterable of path
            Level-2 exposures; the configuration says which are background.

        Returns
        -------
        Path
            ``out_dir/asn_lv3_<band>.json``.

        Raises
        ------
        InputError
            There is another file of that name.
        """
        paths = [Path(file) for file in files]
        if self._plan is None or paths != [m.exposure.file for m in self._plan.members]:
            self._plan = make_plan(self.config, paths)
        path = self.plan.association_path
        if path.exists() and path.read_text(encoding="utf-8") != association_text(self.plan.association):
            raise InputError(f"{path}: exists and is another association; move it away, or set another out_dir")
        self.config.output_folder.mkdir(parents=True, exist_ok=True)
        return write_association(self.plan.association, path)

    def run_step(self, asn_file: str | Path) -> list[Path]:
        """Run the pipeline on an association: as `do_step`, without checks before it and companions after it.

        Parameters
        ----------
        asn_file : path
            An association that `create_asn_file` wrote.

        Returns
        -------
        list of Path
            The products, in `out_dir`, where they are listed in the record.

        Raises
        ------
        Lv3Error
            As `do_step` does.
        """
        members = json.loads(Path(asn_file).read_text(encoding="utf-8"))["products"][0]["members"]
        self._plan = make_plan(self.config, [Path(asn_file).parent / member["expname"] for member in members])
        with one_thread(), quick_asdf():
            set_environment(self.config.crds)
            with one_pool(self.config.n_procs, load), self._folder.taken() as lock:
                record = self._run(lock, with_companions=False)
        others = (self.plan.names.association, REPORT_NAME)
        listed = [product["file"] for product in record.data["products"]]
        return [self._folder.path / name for name in listed if name not in others]

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
        return Stamp(own_version(), self.config.dr_version, self.config.crds.context)
