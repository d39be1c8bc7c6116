"""The configuration: what can be set, what it means, and what is allowed.

The keys are the parameters of `Lv3Step`, at the root; docs/configuration.md is made from this file and from conf/.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from app.bands import Channel, find_bands
from app.crds import CrdsOptions
from app.errors import ConfigError, Lv3Error
from app.grouping import GroupingRules
from app.resources import usable_cores

__all__ = ["Lv3Config", "check", "problems", "unknown_keys"]

CHANNELS = tuple(str(c) for c in Channel)


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
    out_dir: Any = _option(None, "folder for the products; default out/<target>/<band>")
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
    skymatch_group_dithers: Any = _option(None, "channels whose dithers of one visit share a sky level", CHANNELS)
    skymatch_degroup_dithers: Any = _option(None, "channels whose every file has a sky level of its own", CHANNELS)

    bgr_check_type: str = _option(
        "parallel_off",
        "how background exposures are told: a MIRI exposure taken in parallel (parallel_off), bgr_background_name in "
        "the proposer's target name (check_in_name), or in the file name (filename)",
        ("parallel_off", "check_in_name", "filename"),
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
        {}, "parameters of steps set by the config groups speed, sky, mosaic and parameters; jwst_parameters wins"
    )
    crds: CrdsOptions = field(
        default_factory=CrdsOptions, metadata={"doc": "reference files: mode, context, path, check_manifest"}
    )
    drizzle_footprint_only: bool = _option(False, "of each drizzled exposure write only the part of the grid it covers")
    exclude: Any = _option([], "names, or parts of names, of input files to leave out")
    work_dir: Any = _option(None, "folder for temporary files; default a hidden folder in out_dir")
    memory: str = _option(
        "auto",
        "where exposures stay between steps: in memory, on disk (lean), or by estimate",
        ("auto", "in_memory", "lean"),
    )
    action: str = _option("run", "what to do", ("run",))

    def __post_init__(self) -> None:
        for item in fields(self):  # the empty lists and tables of YAML mean "not set", as null does
            if item.default is None and getattr(self, item.name) == []:
                setattr(self, item.name, None)

    @property
    def n_procs(self) -> int:
        """Number of processes."""
        return usable_cores() if self.procs is None else int(self.procs)

    @property
    def output_folder(self) -> Path:
        """Folder for the products, absolute."""
        return Path(self.out_dir or Path("out", str(self.target), str(self.band))).absolute()

    @property
    def tweakreg_rules(self) -> GroupingRules:
        """How exposures are grouped when they are aligned."""
        return GroupingRules(
            _channels(self.tweakreg_group_dithers),
            _channels(self.tweakreg_degroup_dithers),
            self.tweakreg_degroup_nircam_modules,
            self.tweakreg_degroup_nircam_short_chips,
        )

    @property
    def skymatch_rules(self) -> GroupingRules:
        """How exposures are grouped when their sky levels are matched."""
        return GroupingRules(_channels(self.skymatch_group_dithers), _channels(self.skymatch_degroup_dithers))


def _channels(names: Iterable[str] | None) -> frozenset[Channel]:
    return frozenset(Channel(name) for name in names or ())


def unknown_keys(names: Iterable[str]) -> list[str]:
    """A problem for each name that is no key of the configuration, with the nearest that is."""
    known = [item.name for item in fields(Lv3Config)]
    return [f"{n}: no such key{_nearest(n, known)}" for n in names if n not in known]


def _nearest(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def check(config: Lv3Config) -> None:
    """Refuse a configuration that cannot work.

    Raises
    ------
    ConfigError
        With all problems at once.
    """
    if found := problems(config):
        raise ConfigError(found)


def problems(config: Lv3Config) -> list[str]:
    """What is wrong with a configuration, as far as it can be told without looking at any file."""
    return [
        *_missing(config),
        *_texts(config),
        *_choices(config),
        *_booleans(config),
        *_band(config),
        *_numbers(config),
        *_contradictions(config),
    ]


def _missing(config: Lv3Config) -> list[str]:
    return [
        f"{item.name}: not given; {item.metadata['doc']}: write {item.name}=..."
        for item in fields(config)
        if item.default == "???" and getattr(config, item.name) in (None, "???", "")
    ]


def _texts(config: Lv3Config) -> list[str]:
    """YAML reads an unquoted off as false and 001 as 1: what must be a text has to arrive as one."""
    found = []
    for name in ("target", "band", "in_dir", "out_dir", "dr_version", "step_ext", "work_dir", "bgr_background_name"):
        for value in _as_list(getattr(config, name)):
            if isinstance(value, bool):
                word = "on, yes or true" if value else "off, no or false"
                found.append(
                    f"{name}={value}: a text is needed, and YAML reads an unquoted {word} as {value}: quote it"
                )
            elif isinstance(value, (int, float)):
                found.append(
                    f"{name}={value}: a text is needed, and YAML reads 001 as 1: quote it, {name}='\"{value}\"'"
                )
    for name in ("target", "dr_version", "step_ext"):
        value = getattr(config, name)
        if isinstance(value, str) and value != "???" and (set(value) & set("/\\\0\n") or value in {".", ".."}):
            found.append(f"{name}={value!r}: becomes part of file names, so it must not hold / or \\ or a line break")
    return found


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [] if value is None else [value]


def _choices(config: Lv3Config) -> list[str]:
    found = []
    for item in fields(config):
        allowed = item.metadata.get("choices", ())
        values = _as_list(getattr(config, item.name)) if allowed else []
        found += [
            f"{item.name}={value}: allowed are {', '.join(allowed)}{_nearest(str(value), allowed)}"
            for value in values
            if value not in allowed
        ]
    return found


def _booleans(config: Lv3Config) -> list[str]:
    return [
        f"{item.name}={getattr(config, item.name)!r}: true or false is needed"
        for item in fields(config)
        if isinstance(item.default, bool) and not isinstance(getattr(config, item.name), bool)
    ]


def _band(config: Lv3Config) -> list[str]:
    if not isinstance(config.band, str) or config.band in ("???", ""):
        return []
    try:
        find_bands(config.band)
    except Lv3Error as error:
        return error.problems
    return []


def _numbers(config: Lv3Config) -> list[str]:
    found = []
    procs = config.procs
    if procs is not None and (isinstance(procs, bool) or not isinstance(procs, int) or procs < 1):
        found.append(f"procs={procs}: a whole number from 1 on is needed, or null for every usable core")
    try:
        if isinstance(config.blot_fillval, bool) or math.isinf(float(config.blot_fillval)):
            raise ValueError
    except (TypeError, ValueError):
        found.append(f"blot_fillval={config.blot_fillval!r}: a number or nan is needed")
    return found


def _contradictions(config: Lv3Config) -> list[str]:
    found = []
    for step in ("tweakreg", "skymatch"):
        grouped, degrouped = (set(_as_list(getattr(config, f"{step}_{w}_dithers"))) for w in ("group", "degroup"))
        found += [
            f"{step}_group_dithers and {step}_degroup_dithers both name {channel}: "
            "its dithers cannot be together and apart; take it out of one"
            for channel in sorted(map(str, grouped & degrouped))
        ]
    names = config.bgr_background_name
    if config.bgr_check_type == "check_in_name" and not isinstance(names, str):
        found.append(f"bgr_background_name={names}: bgr_check_type=check_in_name takes one name")
    if config.bgr_check_type != "parallel_off" and not all(_as_list(names)):
        found.append(f"bgr_background_name={names!r}: is empty, and an empty text is in every name")
    return found
