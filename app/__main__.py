"""The command ``jwst-lv3``: a Hydra app over conf/, and nothing else."""

import logging
import os
import re
import sys
from pathlib import Path

import hydra
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, OverrideParseException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from app.actions import ACTIONS
from app.config import Lv3Config, unknown_keys
from app.errors import ConfigError, ExitCode, Lv3Error
from app.logs import configure_logging, report_error
from app.validation import check

log = logging.getLogger("app")

CONF = Path(__file__).parent / "conf"  # in a checkout a link to conf/, in a wheel the files themselves

ConfigStore.instance().store(name="schema", node=Lv3Config)


_failure: list[Lv3Error] = []


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")
def _job(composed: DictConfig) -> None:
    try:
        config = _config(composed)
        ACTIONS[config.action](config)
    except Lv3Error as error:
        if HydraConfig.get().mode is RunMode.MULTIRUN:
            raise
        _failure.append(error)  # raised by main: on its way through Hydra it would be printed a second time


def _config(composed: DictConfig) -> Lv3Config:
    """The composed configuration as the schema's own class, checked."""
    for key in OmegaConf.missing_keys(composed):
        OmegaConf.update(composed, key, None)
    config = OmegaConf.to_object(composed)
    assert isinstance(config, Lv3Config)
    check(config)
    return config


def _composition_error(error: Exception) -> ConfigError:
    """What Hydra could not compose, with the nearest key for one that does not exist."""
    if isinstance(error, OverrideParseException):
        quoted = "a value with one of =,[]{}() or a blank needs quotes inside quotes: 'in_dir=\"a=b\"'"
        return ConfigError(f"{error.override}: cannot be read ({error.message.splitlines()[0]}); {quoted}")
    unknown = re.search(r"Could not override '([^'.]+)", str(error))
    return ConfigError((unknown and unknown_keys([unknown[1]])) or str(error))


def main() -> int:
    """Run the command; its exit status is one of `errors.ExitCode`."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors come to us, with their class; Hydra would print and exit with 1
    configure_logging()
    try:
        _job()
        if _failure:
            raise _failure[0]
    except Lv3Error as error:
        report_error(error)
        return error.exit_code
    except (HydraException, OmegaConfBaseException) as error:
        report_error(_composition_error(error))
        return ExitCode.CONFIG
    except KeyboardInterrupt:
        return ExitCode.SIGINT
    except Exception:
        log.exception("unexpected error: please report it, with lv3_run.log")
        return ExitCode.UNEXPECTED
    return ExitCode.SUCCESS


if __name__ == "__main__":
    sys.exit(main())
