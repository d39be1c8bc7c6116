"""From what Hydra composes to `Lv3Config`, and from Hydra's errors to a `ConfigError`."""

import re
from argparse import Namespace
from dataclasses import field, fields, make_dataclass
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.errors import OverrideParseException
from omegaconf import DictConfig, OmegaConf
from yaml import MarkedYAMLError, safe_load

from app.config.schema import PRESETS, Lv3Config, unknown_keys
from app.config.validation import check
from app.runtime.errors import ConfigError

__all__ = ["INSTALL", "check_root", "check_root_file", "composition_error", "to_config"]


#: What installs Hydra's launchers for clusters and for several jobs at once.
INSTALL = "pip install 'jwst-lv3[sweep]'"

_NO_ROOT = (
    "does not build on the program's own configuration; write `defaults: [config, _self_]` at its top: then what it "
    "sets goes over that, and the command line over both"
)


def _schema() -> type:
    """The keys as Hydra composes them: what YAML has traps for stays as it was written, for `forms` to look at."""
    left_to_hydra = (bool, dict[str, Any])
    return make_dataclass(
        "Schema",
        [
            (
                item.name,
                item.type if item.type in left_to_hydra else Any,
                field(default=item.default, default_factory=dict if item.name == "crds" else item.default_factory),
            )
            for item in fields(Lv3Config)
        ],
        namespace={
            "__module__": __name__
        },  # where pickle looks for it: launchers hand configurations to other processes
    )


Schema = _schema()
ConfigStore.instance().store(name="schema", node=Schema)


def to_config(composed: DictConfig) -> Lv3Config:
    """The composed configuration as an `Lv3Config`, checked; Hydra's own node is left out.

    Raises
    ------
    ConfigError
        With all its problems.
    """
    check_root(composed)
    if unknown := unknown_keys(str(key) for key in composed if key != "hydra"):  # + and ++ add any key to Hydra's own
        raise ConfigError(unknown)
    given = OmegaConf.to_container(composed, resolve=True)  # a key that is missing stays ???
    assert isinstance(given, dict)
    config = Lv3Config(**{str(key): value for key, value in given.items() if key != "hydra"})
    check(config)
    return config


def check_root(composed: DictConfig) -> None:
    """Refuse what is composed without this program's own configuration: of a file named by ``--config-name``.

    Raises
    ------
    ConfigError
    """
    if OmegaConf.get_type(composed) is not Schema:
        raise ConfigError(f"--config-name: {_NO_ROOT}")


def check_root_file(arguments: Namespace) -> None:
    """Refuse a file of ``--config-name`` that lists no defaults, before Hydra makes a folder and a log for it.

    Parameters
    ----------
    arguments : argparse.Namespace
        The command line, parsed by Hydra's own parser.

    Raises
    ------
    ConfigError
    """
    name = f"{(arguments.config_name or 'config').removesuffix('.yaml')}.yaml"
    folders = [folder for folder in (arguments.config_dir, arguments.config_path) if folder]
    for file in (path for folder in folders if (path := Path(folder, name)).is_file()):
        with file.open(encoding="utf-8") as stream:
            if "defaults" not in (safe_load(stream) or ()):
                raise ConfigError(f"{file}: {_NO_ROOT}")
        return


def composition_error(error: Exception) -> ConfigError:
    """Why Hydra could not compose, in clearer words where we have them; for a key, with the nearest that exists."""
    if isinstance(error, OverrideParseException):
        quoted = "a value with one of =,[]{}() or a blank needs quotes inside quotes: 'in_dir=\"a=b\"'"
        return ConfigError(f"{error.override}: cannot be read ({error.message.splitlines()[0]}); {quoted}")
    if isinstance(error, MarkedYAMLError) and (mark := error.problem_mark):
        return ConfigError(f"{mark.name}: line {mark.line + 1}, column {mark.column + 1}: {error.problem}")
    text = " ".join(str(error).partition("Config search path")[0].split())
    if launcher := re.search(r"hydra/launcher/(\w+)|hydra_plugins\.hydra_(\w+)_launcher", text):
        return ConfigError(
            f"hydra/launcher={launcher[1] or launcher[2]}: is not installed, or unknown: {INSTALL}. {text}"
        )
    if in_file := re.search(r"In '([\w/]+)/(\w+)': .*Key '(\w+)' not in 'Schema'", text):
        return ConfigError(_foreign_key(*in_file.groups()))
    if twice := re.search(r"Multiple values for ([\w/]+)\. .*'override [\w/]+: (\w+)'", text):
        group, option = twice.groups()
        return ConfigError(f"+{group}={option}: the group has an option already; write {group}={option}, without +")
    unknown = re.search(r"Could not override '(\w+)['.]", text)
    return ConfigError((unknown and unknown_keys([unknown[1]])) or text)


def _foreign_key(group: str, option: str, key: str) -> str:
    """What is wrong with an option's file that sets no key of ours: a wrong name, or no package."""
    file = f"{group}/{option}.yaml"
    if key != group:
        return f"{file}: {unknown_keys([key])[0]}"
    presets = f", or `# @package presets.{group}` for parameters of steps" if group in PRESETS else ""
    return f"{file}: its first line has to be `# @package _global_`{presets}; without it all it sets goes under {group}"
