"""The configuration: what can be set, what it means, and what is allowed.

The keys are the parameters of `Lv3Step`, at the root; docs/configuration.md is made from this file and from conf/.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from app.crds import CONTEXT, SYNTHETIC_CONTEXT, CrdsOptions
from app.observation.bands import Channel, spelled
from app.observation.grouping import GroupingRules
from app.observation.names import safe_name
from app.runtime.resources import usable_cores

__all__ = ["LISTS", "NAMED_BACKGROUND", "PRESETS", "Lv3Config", "as_list", "nearest", "unknown_keys"]

CHANNELS = tuple(str(c) for c in Channel)

_WORK = ".jwst-lv3-work"

#: Config groups that set parameters of steps, the weakest first.
PRESETS = ("parameters", "speed", "sky", "mosaic")

#: Values of bgr_check_type that look for bgr_background_name.
NAMED_BACKGROUND = ("check_in_name", "filename")
#: Keys that hold lists of names; one name is a list of one.
LISTS = (
    *("tweakreg_group_dithers", "tweakreg_degroup_dithers", "skymatch_group_dithers", "skymatch_degroup_dithers"),
    *("bands", "exclude", "targets"),
)


def _option(default: Any, doc: str, choices: tuple[str, ...] = ()) -> Any:
    metadata = {"doc": doc, "choices": choices}
    if isinstance(default, (dict, list)):
        return field(default_factory=type(default), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass
class Lv3Config:
    """All that a run can be told; every field says what it means, and in what unit."""

    target: Any = _option("???", "target to consider; part of every product's name")
    band: Any = _option("???", "band to consider: F770W, or with an instrument where two share the name, F200W_niriss")
    in_dir: Any = _option("???", "folder with the input files")
    out_dir: Any = _option(None, "folder for the products; default <out_root>/<target>/<band>")
    dr_version: Any = _option("v0", "data processing version, written into every product")
    is_bgr: bool = _option(False, "process background observations: every exposure is science, products end in _bgr")
    step_ext: Any = _option("cal", "extension of the input files: *_<step_ext>.fits")
    procs: Any = _option(None, "number of processes; default the cores that this process may use")

    tweakreg_degroup_nircam_modules: bool = _option(
        False, "NIRCam modules A and B are aligned apart; the cure for doubled stars between modules"
    )
    tweakreg_degroup_nircam_short_chips: bool = _option(
        False, "every NIRCam short-wavelength detector is aligned apart; the cure for doubled stars between chips"
    )
    tweakreg_group_dithers: Any = _option(None, "channels whose dithers of one visit are aligned as one", CHANNELS)
    tweakreg_degroup_dithers: Any = _option(None, "channels whose every file is aligned on its own", CHANNELS)
    tweakreg_group_visits: bool = _option(
        False, "all exposures of a visit, which has one guide star, are aligned as one; for alignment=solution"
    )
    alignment: str = _option(
        "tweakreg",
        "how exposures are aligned: by the observatory's tweakreg, by one solution for all overlaps, as another run "
        "was (align_from), or not at all",
        ("tweakreg", "solution", "from_run", "none"),
    )
    align_from: Any = _option(None, "out_dir, record or lv3_alignment.ecsv of the run that alignment=from_run follows")
    search_displaced: Any = _option(
        30.0, "how far alignment=solution looks for a visit on a wrong guide star [arcsec]; 0: not at all"
    )
    skymatch_group_dithers: Any = _option(None, "channels whose dithers of one visit share a sky level", CHANNELS)
    skymatch_degroup_dithers: Any = _option(None, "channels whose every file has a sky level of its own", CHANNELS)

    bgr_check_type: str = _option(
        "parallel_off",
        "how background exposures are told: a MIRI exposure taken in parallel (parallel_off), a target that its "
        "proposer declared to be background, BKGDTARG (header), bgr_background_name in the proposer's target name "
        "(check_in_name), or in the file name (filename)",
        ("parallel_off", "header", "check_in_name", "filename"),
    )
    bgr_background_name: Any = _option("off", "text that tells background exposures; a list too, for filename")
    process_bgr_like_science: bool = _option(False, "background exposures become part of the mosaic")

    jwst_parameters: dict[str, Any] = _option(
        {}, "parameters of the pipeline and its steps: {step: {parameter: value}}; a value may be a table of selectors"
    )
    do_drizzle: bool = _option(False, "drizzle every exposure onto the mosaic's grid: *_i2d_single.fits")
    do_blot: bool = _option(False, "blot the mosaic back onto every exposure: *_i2d_blot.fits")
    blot_fillval: Any = _option("nan", "value of blotted pixels where the mosaic has no data; a number or nan")
    overwrite: bool = _option(False, "replace the products of an earlier run (and nothing else)")

    presets: dict[str, Any] = _option(
        {}, "parameters of steps by config group: parameters, speed, sky; a later one wins, jwst_parameters over all"
    )
    out_root: Any = _option("out", "folder above the out_dir of every job of a sweep, and of the sweep's summary")
    data: Any = _option(None, "folder with the data of a survey, for in_dir='${data}/${target}/${band}'")
    keep_going: bool = _option(False, "a sweep runs its sound jobs although others are refused")
    fail_fast: bool = _option(False, "a sweep starts no more jobs once one has failed")
    bands: Any = _option([], "bands of a survey, all of which -m sweeps where no band is given")
    sif: Any = _option(None, "the .sif image in which hydra/launcher=slurm_apptainer runs each job of a sweep")
    targets: Any = _option(
        [], "targets of a survey, all of which -m sweeps where none is given; parameters can be selected by these only"
    )

    sky_method: str = _option(
        "skymatch", "how sky levels are found: by jwst's skymatch, or by one solution for all", ("skymatch", "solution")
    )
    sky_order: Any = _option(0, "sky=solution: 0, a level for each group, or 1, a plane, for stray light")
    sky_anchor: Any = _option(
        "lowest",
        "sky=solution: what differences between exposures leave open; the lowest level is 0 (lowest), their mean is "
        "(mean), their mean by samples is (none), or they are those above a mosaic: the path of its i2d file",
    )
    sky_levels: Any = _option(None, "table of file name and sky level [unit of the exposures] for sky=user_levels")
    mosaic_like: Any = _option(None, "an i2d file whose pixel grid the mosaic gets")
    mosaic_center: Any = _option(None, "right ascension and declination of the mosaic's centre [deg]")
    mosaic_shape: Any = _option(None, "columns and rows of the mosaic [pixel]; needs mosaic_center")
    mosaic_pixel_scale: Any = _option(None, "pixel scale of the mosaic [arcsec]; default that of the detector")
    mosaic_rotation: Any = _option(
        None, "position angle of the mosaic's y axis [deg], 0 is north up; default along the first exposure's detector"
    )
    crds: CrdsOptions = field(
        default_factory=CrdsOptions, metadata={"doc": "reference files: mode, context, path, check_manifest"}
    )
    drizzle_footprint_only: bool = _option(False, "of each drizzled exposure write only the part of the grid it covers")
    exclude: Any = _option(
        [], "input files to leave out: names, parts of names, or shell patterns; each has to match a file"
    )
    work_dir: Any = _option(None, "folder for temporary files; default a hidden folder in out_dir")
    memory: str = _option(
        "auto",
        "where exposures stay while jwst's own implementation of a step needs all their pixels: in memory, on disk "
        "(lean), or by estimate",
        ("auto", "in_memory", "lean"),
    )
    max_mosaic_megapixels: Any = _option(2000, "largest mosaic that is made [million pixels]")
    offline: Any = _option(
        None,
        "there is no network (true), or there is (false); default: tried out when an online catalogue is asked for",
    )
    strict: bool = _option(False, "what would be a caveat in the record stops the run before it starts")
    report: bool = _option(True, "write lv3_report.html beside the record")
    verbose: bool = _option(False, "show jwst's own messages on the terminal too; lv3_run.log has them always")
    plan_format: str = _option("table", "form in which action=plan answers", ("table", "json"))
    action: str = _option("run", "what to do", ("run", "plan", "selftest", "summary", "failed"))

    def __post_init__(self) -> None:
        for name in LISTS:
            setattr(self, name, as_list(getattr(self, name)))
        for item in fields(self):  # the empty lists and tables of YAML mean "not set", as null does
            if item.default is None and getattr(self, item.name) == []:
                setattr(self, item.name, None)
        if isinstance(self.band, str) and self.band != "???":  # f770w is F770W, in folders and records too
            self.band = spelled(self.band)
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
        return usable_cores() if self.procs is None else int(self.procs)

    @property
    def output_folder(self) -> Path:
        """Folder for the products, absolute."""
        band = f"{self.band}_bgr" if self.is_bgr else str(self.band)
        return Path(self.out_dir or Path(self.out_root, safe_name(str(self.target)), safe_name(band))).absolute()

    @property
    def is_of_survey(self) -> bool:
        """Whether other targets or bands share the configuration, so that what fits nothing here may fit there."""
        return bool(self.targets or self.bands)

    @property
    def work_folder(self) -> Path:
        """Folder for what is not finished, absolute; no two `output_folder` share one."""
        if not self.work_dir:
            return self.output_folder / _WORK
        name = hashlib.sha256(str(self.output_folder).encode()).hexdigest()[:12]
        return Path(self.work_dir).absolute() / f"{_WORK}-{name}"

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
    """Options of a mode's name or of a table, as Python gives them; what is neither stays, to be refused."""
    table = {"mode": value} if isinstance(value, str) else value
    is_known = isinstance(table, dict) and set(table) <= {item.name for item in fields(CrdsOptions)}
    if not is_known:
        return value
    context = SYNTHETIC_CONTEXT if table.get("mode") == "synthetic" else CONTEXT
    return CrdsOptions(**{"context": context} | table)


def as_list(value: Any) -> list[Any]:
    """A list of what may be one value, several, or none."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return list(value)
    return [] if value is None else [value]


def _channels(names: Iterable[str] | None) -> frozenset[Channel]:
    return frozenset(Channel(name) for name in names or ())


def unknown_keys(names: Iterable[str]) -> list[str]:
    """A problem for each name that is no key of the configuration, with the nearest that is."""
    known = [item.name for item in fields(Lv3Config)]
    return [f"{n}: no such key{nearest(n, known)}" for n in names if n not in known]


def nearest(name: str, known: Iterable[str]) -> str:
    """Words that suggest the nearest of `known`, where one is near."""
    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""
