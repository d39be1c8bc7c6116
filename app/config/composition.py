"""From what Hydra composes to a configuration of ours, and from what Hydra says to an error of ours."""

import re
from pathlib import Path

from hydra.core.config_store import ConfigStore
from hydra.errors import OverrideParseException
from omegaconf import DictConfig, OmegaConf

from app.config.schema import Lv3Config, unknown_keys
from app.config.validation import check
from app.runtime.errors import ConfigError

__all__ = ["CONF", "INSTALL", "composition_error", "to_config"]

CONF = Path(__file__).parent / "conf"  # in a checkout a link to conf/, in a wheel the files themselves

#: What installs Hydra's launchers for clusters and for several jobs at once.
INSTALL = "pip install 'jwst-lv3[sweep]'"

ConfigStore.instance().store(name="schema", node=Lv3Config)


def to_config(composed: DictConfig) -> Lv3Config:
    """The composed configuration as the schema's own class, checked; what is of Hydra's own in it is left out.

    Raises
    ------
    ConfigError
        With all its problems.
    """
    for key in OmegaConf.missing_keys(composed):
        OmegaConf.update(composed, key, None)
    config = OmegaConf.to_object(composed)
    assert isinstance(config, Lv3Config)
    check(config)
    return config


def composition_error(error: Exception) -> ConfigError:
    """What Hydra could not compose, with the nearest key for one that does not exist."""
    if isinstance(error, OverrideParseException):
        quoted = "a value with one of =,[]{}() or a blank needs quotes inside quotes: 'in_dir=\"a=b\"'"
        return ConfigError(f"{error.override}: cannot be read ({error.message.splitlines()[0]}); {quoted}")
    text = " ".join(str(error).partition("Config search path")[0].split())
    if launcher := re.search(r"hydra/launcher/(\w+)|hydra_plugins\.hydra_(\w+)_launcher", text):
        return ConfigError(
            f"hydra/launcher={launcher[1] or launcher[2]}: is not installed, or unknown: {INSTALL}. {text}"
        )
    unknown = re.search(r"Could not override '([^'.]+)", text)
    return ConfigError((unknown and unknown_keys([unknown[1]])) or text)
