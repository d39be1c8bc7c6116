"""The configuration: what can be set, what it means, and what is allowed.

The keys are the parameters of `Lv3Step`, at the root; docs/configuration.md is made from this file and from conf/.
"""

import hashlib
import os
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from app.config.forms import as_list, formed
from app.crds import CONTEXT, SYNTHETIC_CONTEXT, CrdsOptions
from app.observation.bands import Channel, spelled
from app.observation.grouping import GroupingRules
from app.observation.names import CRF, safe_name
from app.runtime.resources import usable_cores

__all__ = ["NAMED_BACKGROUND", "NOT_GIVEN", "PRESETS", "Lv3Config", "nearest", "unknown_keys"]

CHANNELS = tuple(str(c) for c in Channel)

_WORK = ".jwst-lv3-work"

#: Config groups that set parameters of steps, the weakest first.
PRESETS = ("parameters", "speed", "sky", "mosaic")

#: Values of bgr_check_type that look for bgr_background_name.
NAMED_BACKGROUND = ("check_in_name", "filename")
#: What stands for a value that the user has to give, as OmegaConf writes it.
NOT_GIVEN = "???"


def _option(default: Any, doc: str, choices: tuple[str, ...] = ()) -> Any:
    metadata = {"doc": doc, "choices": choices}
    if isinstance(default, (dict, list)):
        return field(default_factory=partial(copy, default), metadata=metadata)
    return field(default=default, metadata=metadata)


def _path(default: Any, doc: str) -> Any:
    """A key whose texts are paths, in which ``~`` is the user's home."""
    return field(default=default, metadata={"doc": doc, "is_path": True})


@dataclass
class Lv3Config:
    """All settings of a run; every field says what it means, and in what unit.

    A field may be given in any form that YAML and Python have for it, and then has the form of its type. A value that
    cannot have it stays as it is: `validation.check` refuses it together with all other problems.
    """

    target: str = _option(NOT_GIVEN, "target to consider; part of every product's name")
    band: str = _option(
        NOT_GIVEN, "band to consider: F770W, or with an instrument where two share the name, F200W_niriss"
    )
    in_dir: list[str] = _path(
        NOT_GIVEN,
        "folders with the input files, or patterns: those of band and target in them, and below, are taken",
    )
    out_dir: str | None = _path(None, "folder for the products; default <out_root>/<target>/<band>")
    dr_version: str = _option("v0", "data processing version, written into every product")
    is_bgr: bool = _option(False, "process background observations: every exposure is science, products end in _bgr")
    step_ext: str = _option("cal", "extension of the input files: *_<step_ext>.fits")
    procs: int | None = _option(None, "number of processes; default the cores that this process may use")

    tweakreg_degroup_nircam_modules: bool = _option(
        False, "align NIRCam modules A and B separately; cures doubled stars between modules"
    )
    tweakreg_degroup_nircam_short_chips: bool = _option(
        False, "align every NIRCam short-wavelength detector separately; cures doubled stars between detectors"
    )
    tweakreg_group_dithers: list[str] = _option(
        [], "channels whose dithers of one visit are aligned together, as one rigid image", CHANNELS
    )
    tweakreg_degroup_dithers: list[str] = _option([], "channels in which every file is aligned on its own", CHANNELS)
    tweakreg_group_visits: bool = _option(
        False, "align all exposures of a visit, which has one guide star, together; for alignment=solution"
    )
    alignment: str = _option(
        "tweakreg",
        "how exposures are aligned: by the observatory's tweakreg, by one solution for all overlaps, as another run "
        "was (align_from), or not at all",
        ("tweakreg", "solution", "from_run", "none"),
    )
    align_from: str | None = _path(
        None,
        "out_dir, record or lv3_alignment.ecsv of the run that alignment=from_run follows; where it is the run's own "
        "out_dir, alignment=solution",
    )
    search_displaced: float = _option(
        30.0, "how far alignment=solution looks for a visit on a wrong guide star [arcsec]; 0: not at all"
    )
    save_catalogue: str | None = _path(
        None,
        "file (*.ecsv) into which action=catalogue saves the online catalogue of the field, tweakreg's abs_refcat or "
        "GAIADR3, for machines without a network",
    )
    skymatch_group_dithers: list[str] = _option([], "channels whose dithers of one visit share a sky level", CHANNELS)
    skymatch_degroup_dithers: list[str] = _option(
        [], "channels in which every file has a sky level of its own", CHANNELS
    )

    bgr_check_type: str = _option(
        "parallel_off",
        "how background exposures are recognised: MIRI exposures taken in parallel (parallel_off), exposures whose "
        "proposer declared the target to be background, BKGDTARG (header), bgr_background_name in the proposer's name "
        "of the target (check_in_name), or in the file name (filename)",
        ("parallel_off", "header", "check_in_name", "filename"),
    )
    bgr_background_name: list[str] = _option(
        ["off"], "text in the name of background exposures; for filename also a list of texts"
    )
    process_bgr_like_science: bool = _option(False, "background exposures become part of the mosaic")
    background_use: str = _option(
        "none",
        "what background exposures are used for: nothing (none); the level of the nearest in time is subtracted "
        "(level), or also what those of the same detector have in common, their median image (image)",
        ("none", "level", "image"),
    )

    jwst_parameters: dict[str, Any] = _option(
        {}, "parameters of the pipeline and its steps: {step: {parameter: value}}; a value may be a table of selectors"
    )
    do_drizzle: bool = _option(False, "drizzle every exposure onto the mosaic's grid: *_i2d_single.fits")
    do_blot: bool = _option(False, "blot the mosaic back onto every exposure: *_i2d_blot.fits")
    blot_fillval: str = _option("nan", "value of blotted pixels where the mosaic has no data; a number or nan")
    overwrite: bool = _option(False, "replace the products of an earlier run (and nothing else)")

    resume: bool = _option(
        True,
        "keep what a run has finished until all is, and go on there where an earlier start was cut off; false: start "
        "afresh, and keep nothing",
    )

    presets: dict[str, Any] = _option(
        {},
        "parameters of steps by config group: parameters, speed, sky, mosaic; later ones win, jwst_parameters over all",
    )
    out_root: str = _path("out", "folder above the out_dir of every job of a sweep, and of the sweep's summary")
    data: str | None = _path(None, "folder with the data of a survey, for in_dir='${data}/${target}/${band}'")
    keep_going: bool = _option(False, "a sweep runs its valid jobs although others are refused")
    fail_fast: bool = _option(False, "a sweep starts no more jobs once one has failed")
    bands: list[str] = _option([], "bands of a survey, all of which -m sweeps where no band is given")
    observations: dict[str, Any] = _option(
        {}, "bands of each target of a survey, {target: [band, ...]}, in the place of targets and bands"
    )
    sif: str | None = _path(None, "the .sif image in which hydra/launcher=slurm_apptainer runs each job of a sweep")
    targets: list[str] = _option(
        [], "targets of a survey, all of which -m sweeps where none is given; parameters can be selected by these only"
    )

    sky_method: str = _option(
        "skymatch", "how sky levels are found: by jwst's skymatch, or by one solution for all", ("skymatch", "solution")
    )
    sky_order: int = _option(
        0, "sky=solution: order of the polynomial for each group: 0, a level, or 1, a plane, for stray light"
    )
    sky_anchor: str = _path(
        "lowest",
        "sky=solution: the zero point of the levels, which differences between exposures do not give: the lowest level "
        "(lowest), their mean (mean), their mean weighted by samples (none), or a mosaic (the path of its i2d file)",
    )
    outliers: str = _option(
        "observatory",
        "how outliers are told from stars: as jwst does, or by what an undersampled or displaced star can differ by",
        ("observatory", "spare_stars"),
    )
    errors: str = _option(
        "observatory",
        "errors as they are, or the read noise of each exposure scaled to the scatter of its sky",
        ("observatory", "rescaled"),
    )
    sky_levels: str | None = _path(None, "table of file name and sky level [unit of the exposures] for sky=user_levels")
    mosaic_like: str | None = _path(None, "an i2d file whose pixel grid the mosaic gets")
    mosaic_center: list[float] | None = _option(None, "right ascension and declination of the mosaic's centre [deg]")
    mosaic_shape: list[int] | None = _option(None, "columns and rows of the mosaic [pixel]; needs mosaic_center")
    mosaic_pixel_scale: float | None = _option(None, "pixel scale of the mosaic [arcsec]; default that of the detector")
    mosaic_rotation: float | None = _option(
        None, "position angle of the mosaic's y axis [deg], 0 is north up; default along the first exposure's detector"
    )
    catalogue: str = _option(
        "auto",
        "how the sources of a mosaic in one piece are found and measured: with all of it in memory, as jwst does "
        "(whole), in windows of it by all processes (tiles), or in windows from 4 million pixels on (auto)",
        ("auto", "whole", "tiles"),
    )
    tile_size: int | None = _option(
        None, "side of the tiles that the mosaic is made in [pixel]; default one mosaic, in one piece"
    )
    tile_overlap: int = _option(0, "pixels that neighbouring tiles share; needs tile_size")
    tiles: list[str] = _option(
        [],
        "names of the tiles to make, by row and column: r03c07; default all with data. Of "
        "finished exposures, step_ext=crf, nothing is aligned, matched or flagged again",
    )
    crds: CrdsOptions = field(
        default_factory=CrdsOptions, metadata={"doc": "reference files: mode, context, path, check_manifest"}
    )
    drizzle_footprint_only: bool = _option(False, "of each drizzled exposure write only the part of the grid it covers")
    drizzle_by: str = _option(
        "exposure",
        "what do_drizzle makes a file of: each input file, or all detectors of an exposure",
        ("exposure", "group"),
    )
    targprop: list[str] = _option(
        [],
        "proposers' names of the targets (TARGPROP) whose exposures are taken, or shell patterns of them; default "
        "those that begin with target; all where none does, or where all input files lie in one folder and "
        "observations are not given",
    )
    exclude: list[str] = _option(
        [], "input files to leave out: names, parts of names, or shell patterns; each has to match a file"
    )
    work_dir: str | None = _path(None, "folder for temporary files; default a hidden folder in out_dir")
    memory: str = _option(
        "auto",
        "where exposures stay while jwst's own implementation of a step needs all their pixels: in memory, on disk "
        "(lean), or by estimate",
        ("auto", "in_memory", "lean"),
    )
    max_mosaic_megapixels: float = _option(2000.0, "largest mosaic that is made [million pixels]")
    offline: bool | None = _option(
        None,
        "there is no network (true), or there is (false); default: tested when an online catalogue is asked for",
    )
    strict: bool = _option(
        False,
        "a caveat that can be foreseen stops the run before it starts; one found later gives exit status 10 or 11",
    )
    report: bool = _option(True, "write lv3_report.html beside the record")
    release_dir: str | None = _path(None, "action=release: folder of the release; it must not be there yet")
    accept: list[str] = _option([], "action=release: codes of the caveats with which a run is released all the same")
    split: bool = _option(False, "action=release: science, error, weight and exposure time in a file each, not in one")
    compress: bool = _option(False, "action=release: images are compressed in tiles, without loss (GZIP_2)")
    hlsp_id: str | None = _option(None, "short name of the collection, as agreed with MAST; part of every name")
    hlsp_version: str | None = _option(
        None, "version of the release, v1, v1.2 or v1.2.3a; default the runs' dr_version"
    )
    hlsp_name: str | None = _option(None, "title of the collection")
    hlsp_lead: str | None = _option(None, "full name of who leads the project")
    hlsp_contact: str | None = _option(None, "whom users of the release can write to: name and e-mail, or a page")
    hlsp_doi: str | None = _option(None, "DOI of the collection, which MAST gives: 10.17909/...")
    hlsp_reference: str | None = _option(None, "bibcode or DOI of the paper that describes the collection")
    verbose: bool = _option(False, "show jwst's own messages on the terminal too; lv3_run.log has them always")
    notify: str | None = _option(
        None, "a command that is run at the end, with the verdict on its input, for a mail or a message"
    )
    plan_format: str = _option("table", "form in which action=plan answers", ("table", "json"))
    action: str = _option(
        "run",
        "what to do",
        ("run", "plan", "init", "catalogue", "compare", "help", "selftest", "demo", "summary", "failed", "release"),
    )
    a: str | None = _path(None, "out_dir of the first run that action=compare compares")
    b: str | None = _path(None, "out_dir of the second")
    tolerance: float = _option(
        0.01,
        "largest difference for which action=compare ends with 0: of pixels in units of their error, of places in "
        "pixels, of shares in percent",
    )
    key: str | None = _option(None, "the key or config group that action=help explains")

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            given = NOT_GIVEN if value is None and item.default == NOT_GIVEN else value
            value = formed(given, item.type)
            setattr(self, item.name, _at_home(value) if item.metadata.get("is_path") else value)
        if isinstance(self.band, str) and self.band != NOT_GIVEN:  # f770w is F770W, in folders and records too
            self.band = spelled(self.band)
        if isinstance(self.observations, dict):
            self.observations = {
                target: [spelled(str(b)) for b in as_list(v)] for target, v in self.observations.items()
            }
            self.targets = self.targets or list(self.observations)
            self.bands = self.bands or list(dict.fromkeys(chain.from_iterable(self.observations.values())))
        self.blot_fillval = _fill_value(self.blot_fillval)
        self.crds = _crds_options(self.crds)
        if isinstance(self.presets, dict):
            self.presets = {group: table for group, table in self.presets.items() if table}

    @property
    def ordered_presets(self) -> list[tuple[str, dict[str, Any]]]:
        """What config groups set, the weakest first."""
        return [(group, self.presets[group]) for group in PRESETS if self.presets.get(group)]

    @property
    def n_procs(self) -> int:
        """Number of processes."""
        return usable_cores() if self.procs is None else self.procs

    @property
    def output_folder(self) -> Path:
        """Folder for the products, absolute."""
        band = f"{self.band}_bgr" if self.is_bgr else self.band
        return Path(self.out_dir or Path(self.out_root, safe_name(self.target), safe_name(band))).absolute()

    @property
    def is_of_survey(self) -> bool:
        """Whether other targets or bands share the configuration, so that what fits nothing here may fit there."""
        return bool(self.targets or self.bands)

    @property
    def work_folder(self) -> Path:
        """Folder for what is not finished, absolute; no two `output_folder` share one, be they on two hosts."""
        if not self.work_dir:
            return self.output_folder / _WORK
        mark = self.work_mark
        known = mark.read_text(encoding="utf-8") if mark.is_file() else ""
        name = hashlib.sha256(f"{self.output_folder}{known}".encode()).hexdigest()[:12]
        return Path(self.work_dir).absolute() / f"{_WORK}-{name}"

    @property
    def work_mark(self) -> Path:
        """Where work_dir is given: a file in out_dir while there is work, of a text that no other out_dir has."""
        return self.output_folder / _WORK

    @property
    def is_of_finished(self) -> bool:
        """Whether some tiles are made of exposures that a first run has finished, as a cluster shares them out."""
        return bool(self.tiles) and self.step_ext == CRF

    @property
    def aligned_by(self) -> str:
        """Value of `alignment` in force: a run that is told to follow itself is the one that others follow."""
        leads = self.alignment == "from_run" and Path(str(self.align_from)).absolute() == self.output_folder
        return "solution" if leads else self.alignment

    @property
    def tweakreg_rules(self) -> GroupingRules:
        """How exposures are grouped when they are aligned."""
        return GroupingRules(
            _channels(self.tweakreg_group_dithers),
            _channels(self.tweakreg_degroup_dithers),
            self.tweakreg_degroup_nircam_modules,
            self.tweakreg_degroup_nircam_short_chips,
            self.tweakreg_group_visits,
        )

    @property
    def skymatch_rules(self) -> GroupingRules:
        """How exposures are grouped when their sky levels are matched."""
        return GroupingRules(_channels(self.skymatch_group_dithers), _channels(self.skymatch_degroup_dithers))


def _crds_options(value: Any) -> Any:
    """Options of a mode's name or of a table, as YAML and Python give them; what is neither stays, to be refused."""
    table = {"mode": value} if isinstance(value, str) else value
    is_known = isinstance(table, dict) and set(table) <= {item.name for item in fields(CrdsOptions)}
    if not is_known:
        return value
    context = SYNTHETIC_CONTEXT if table.get("mode") == "synthetic" else CONTEXT
    types = {item.name: item.type for item in fields(CrdsOptions)}
    return CrdsOptions(**{key: formed(given, types[key]) for key, given in ({"context": context} | table).items()})


def _at_home(value: Any) -> Any:
    """A path, or a list of them, with the user's home for ``~``."""
    if isinstance(value, list):
        return [_at_home(item) for item in value]
    return os.path.expanduser(value) if isinstance(value, str) else value  # noqa: PTH111 - a text stays as it is


def _fill_value(value: Any) -> Any:
    """``nan`` or a number as a text, for JSON has no NaN; what is neither stays, to be refused."""
    try:
        return value if isinstance(value, bool) else str(float(value))
    except (TypeError, ValueError, OverflowError):
        return value


def _channels(names: Iterable[str]) -> frozenset[Channel]:
    return frozenset(Channel(name) for name in names)


def unknown_keys(names: Iterable[str]) -> list[str]:
    """A problem for each name that is no key of the configuration, with the nearest that is."""
    known = [item.name for item in fields(Lv3Config)]
    return [f"{n}: no such key{nearest(n, known)}" for n in names if n not in known]


def nearest(name: str, known: Iterable[str]) -> str:
    """Words that suggest the nearest of `known`, where one is near."""
    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""
