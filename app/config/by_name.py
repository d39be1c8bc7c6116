"""Config groups by name for Python, ``Lv3Step(..., recipe="survey", speed="exact")``, with the command's defaults."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import OmegaConf, open_dict

from app.config.composition import composition_error
from app.config.forms import as_list
from app.config.hydra_internals import bare_loader
from app.config.schema import Lv3Config, unknown_keys
from app.config.words import value_word
from app.runtime.errors import ConfigError

__all__ = ["GROUPS", "settings"]

#: Config groups that are no keys themselves; a survey's file is for the command.
GROUPS = frozenset(
    {
        "background",
        "mosaic",
        "parameters",
        "postprocess",
        "recipe",
        "sky",
        "skymatch_grouping",
        "speed",
        "tweakreg_grouping",
    }
)


def settings(arguments: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments for `Lv3Config` of what a call of `Lv3Step` gives.

    A key that is given wins over what a config group sets; an argument that has its default counts as not given. With
    `presets`, and without a group, nothing is composed: all is as it is given.

    Parameters
    ----------
    arguments : mapping
        Keys that have a default in the signature.
    options : mapping
        Other keys, and config groups with the names of their options.

    Raises
    ------
    ConfigError
        A name is neither, or a group has no such option.
    """
    groups = {name: value for name, value in options.items() if name in GROUPS}
    keys = {name: value for name, value in options.items() if name not in GROUPS}
    if unknown := unknown_keys(keys):
        raise ConfigError(unknown)
    composed = {} if "presets" in keys and not groups else _composed(groups)
    default, given = Lv3Config(), Lv3Config(**arguments)
    changed = {name for name in arguments if getattr(given, name) != getattr(default, name)}
    return {**arguments, **{name: value for name, value in composed.items() if name not in changed}, **keys}


def _composed(groups: Mapping[str, Any]) -> dict[str, Any]:
    """What the command's defaults and some groups set, where that differs from the schema's own default."""
    words = [f"{name}={_word(value)}" for name, value in groups.items()]
    try:
        composed = bare_loader().load_configuration("config", words, run_mode=RunMode.RUN)
        with open_dict(composed):
            del composed["hydra"]
        table: Any = OmegaConf.to_container(composed, resolve=True)
    except HydraException as error:
        raise composition_error(error) from error
    default, found = Lv3Config(), Lv3Config(**{**table, "crds": {}})
    names = [item.name for item in fields(Lv3Config)]
    return {name: getattr(found, name) for name in names if getattr(found, name) != getattr(default, name)}


def _word(value: Any) -> str:
    """An option's name, or a list of them, as Hydra reads it."""
    if isinstance(value, str):
        return value_word(value)
    return f"[{','.join(value_word(str(item)) for item in as_list(value))}]"
