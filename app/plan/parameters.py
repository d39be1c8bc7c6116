"""Parameters of jwst's pipeline and steps: where each comes from, checked by the steps' own specification.

A later layer wins: step default, CRDS parameter reference, band, presets (config groups), user.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.config.schema import Lv3Config
from app.config.selectors import Selection, choose, selector_problems
from app.observation.bands import Band, Instrument
from app.plan.specification import PIPELINE, allowed_names, default_of, problem_with, specification, typed
from app.runtime.errors import ConfigError

__all__ = [
    "Layer",
    "Parameters",
    "Setting",
    "check_parameters",
    "crds_layers",
    "effective",
    "layers",
    "merged",
]

# Steps that exposures have behind them when they go into a mosaic.
_BEFORE_MOSAIC = ("assign_mtwcs", "tweakreg", "skymatch", "outlier_detection")


@dataclass(frozen=True, slots=True)
class Layer:
    """Parameters of one origin.

    Parameters
    ----------
    origin : str
        ``crds <file>``, ``band``, ``preset <group>`` or ``user``.
    values : dict
        ``{step: {parameter: value}}``; parameters of the pipeline itself are at the root.
    """

    origin: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """A parameter's value and the origin that set it, ``default`` or that of a layer."""

    value: Any
    origin: str


class Parameters(dict[str, dict[str, Setting]]):
    """Settings in force: ``{step: {parameter: Setting}}``; those of the pipeline itself are under `PIPELINE`."""

    def of(self, step: str, name: str) -> Any:
        """Value of one parameter."""
        return self[step][name].value

    @property
    def origins(self) -> dict[str, dict[str, str]]:
        """Origin of each parameter that is not at its default, by step."""
        found = {
            step: {name: setting.origin for name, setting in table.items() if setting.origin != "default"}
            for step, table in self.items()
        }
        return {step: table for step, table in found.items() if table}

    def skips(self, step: str) -> bool:
        """Whether a step does not run."""
        return bool(self.of(step, "skip"))


def layers(config: Lv3Config, band: Band, crds: Iterable[Layer] = ()) -> list[Layer]:
    """The parameters that a configuration asks for, resolved for its target and `band`, weakest first.

    Parameters
    ----------
    config : Lv3Config
    band : Band
    crds : iterable of Layer
        What CRDS says (see `crds_layers`).
    """
    selection, names = _selection(config, band), allowed_names()
    chosen = [Layer(origin, choose(table, selection, names)) for origin, _, table in _tables(config)]
    return [*_instrument_layers(band, list(crds)), *(layer for layer in chosen if layer.values)]


def _selection(config: Lv3Config, band: Band) -> Selection:
    return Selection(config.target, band, tuple(config.targets))


def _tables(config: Lv3Config) -> list[tuple[str, str, dict[str, Any]]]:
    """Origin, config key and table of what the configuration sets, weakest first."""
    presets = [(f"preset {group}", f"presets.{group}", table) for group, table in config.ordered_presets]
    sky: dict[str, Any] = {"skymatch": {"skymethod": "user"}} if config.sky_levels else {}
    alignment: dict[str, Any] = {"tweakreg": {"skip": True}} if config.alignment == "none" else {}
    finished: dict[str, Any] = {step: {"skip": True} for step in _BEFORE_MOSAIC} if config.is_of_finished else {}
    keys = [("preset alignment", "alignment", alignment), ("preset tiles", "tiles", finished)]
    keys += [("preset sky", "sky_levels", sky), ("preset mosaic", "mosaic", _grid(config))]
    return [*presets, *keys, ("user", "jwst_parameters", config.jwst_parameters)]


def _grid(config: Lv3Config) -> dict[str, Any]:
    """Parameters of ``resample`` for the keys ``mosaic_*``; empty where none is set.

    With `mosaic_like` they name the i2d file: `mosaic.write_grid` makes of it what ``output_wcs`` needs.
    """
    given = {
        "output_wcs": config.mosaic_like and str(Path(config.mosaic_like).absolute()),
        "crval": config.mosaic_center,
        "output_shape": config.mosaic_shape,
        "pixel_scale": config.mosaic_pixel_scale,
        "rotation": config.mosaic_rotation,
    }
    if config.mosaic_center and config.mosaic_shape:
        # jwst counts pixels from 0: the centre of 4 pixels is at 1.5.
        given["crpix"] = [(n - 1) / 2 for n in config.mosaic_shape]
    given = {name: value for name, value in given.items() if value is not None}
    return {"resample": given} if given else {}


def _instrument_layers(band: Band, crds: list[Layer]) -> list[Layer]:
    """What CRDS and the band say. For NIRISS the band's width is only that of diffraction: CRDS knows better."""
    widths = Layer("band", {step: {"kernel_fwhm": band.fwhm} for step in ("tweakreg", "source_catalog")})
    return [widths, *crds] if band.instrument is Instrument.NIRISS else [*crds, widths]


def crds_layers(files: Mapping[str, str | None]) -> list[Layer]:
    """What the parameter references say, in the order in which stpipe merges them: the pipeline's own comes last.

    Parameters
    ----------
    files : mapping
        File name by reference type, in stpipe's order (`crds.ReferenceSet.files`); None where there is none.
    """
    from crds import locate_file
    from stpipe import config_parser

    from app.crds.image3 import Image3Pipeline

    steps = {step.get_config_reftype(): name for name, step in Image3Pipeline.step_defs.items()}
    found = []
    for reftype, name in files.items():
        if name and reftype.startswith("pars-"):
            table = config_parser.load_config_file(Path(locate_file(name, "jwst"))).dict()
            values = {key: value for key, value in table.items() if key not in {"class", "name", "steps"}}
            values = {steps[reftype]: values} if reftype in steps else values | table.get("steps", {})
            found.append(Layer(f"crds {name}", values))
    return found


def merged(chosen: Iterable[Layer]) -> dict[str, Any]:
    """One table of all layers, the later winning."""
    result: dict[str, Any] = {}
    for layer in chosen:
        for key, value in layer.values.items():
            if isinstance(value, Mapping):
                result.setdefault(key, {}).update(deepcopy(dict(value)))
            else:
                result[key] = deepcopy(value)
    return result


def effective(chosen: Iterable[Layer]) -> Parameters:
    """Every parameter as a run will have it, with its origin; what `check_parameters` refuses is left out."""
    settings = Parameters()
    for step, spec in specification().items():
        settings[step] = {name: Setting(default_of(check), "default") for name, check in spec.items()}
    for layer in chosen:
        for step, name, value in _flat(layer):
            if not problem_with(step, name, value):
                settings[step][name] = Setting(typed(specification()[step][name], value), layer.origin)
    return settings


def check_parameters(config: Lv3Config, band: Band, chosen: Iterable[Layer]) -> None:
    """Check selectors, and names and values against the steps' own specification.

    Parameters
    ----------
    config : Lv3Config
    band : Band
    chosen : iterable of Layer
        From `layers`.

    Raises
    ------
    ConfigError
        Selectors that can never match, unknown or ill-typed parameters, all of them, with the nearest name or what is
        allowed.
    """
    selection, names = _selection(config, band), allowed_names()
    problems = [p for _, where, table in _tables(config) for p in selector_problems(table, selection, names, where)]
    for layer in chosen:
        origin = "" if layer.origin == "user" else f" ({layer.origin})"
        for step, name, value in _flat(layer):
            if problem := problem_with(step, name, value):
                where = name if step == PIPELINE else f"{step}.{name}"
                problems.append(f"jwst_parameters.{where}{origin}{problem}")
    if problems:
        raise ConfigError(problems)


def _flat(layer: Layer) -> Iterator[tuple[str, str, Any]]:
    """Step, name and value of every parameter of a layer."""
    for key, value in layer.values.items():
        if isinstance(value, Mapping):
            yield from ((key, name, item) for name, item in value.items())
        else:
            yield PIPELINE, key, value
