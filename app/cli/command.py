"""What the command ``jwst-lv3`` does: a Hydra app over conf/, and nothing else."""

import os
import sys
from argparse import Namespace

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from app.cli.actions import ACTIONS
from app.config.composition import check_root_file, composition_error, to_config
from app.config.folders import CONF
from app.config.hydra_internals import make_loader, parse_arguments
from app.config.hydra_node import checked_hydra_node
from app.config.schema import Lv3Config
from app.runtime.errors import ExitCode
from app.runtime.exit_status import exit_status
from app.runtime.garbage import no_last_look
from app.runtime.logs import configure_logging
from app.runtime.notify import check_source, notify, split_off

__all__ = ["main"]


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")
def _answer(_: DictConfig) -> None:
    """Let Hydra answer what is asked about the configuration: ``--cfg``, ``--info`` and the like; it runs nothing."""
    raise AssertionError


def _command() -> int | None:
    arguments = parse_arguments(split_off(sys.argv[1:])[0])
    asked = (arguments.hydra_help, arguments.cfg, arguments.info, arguments.shell_completion)
    try:
        check_root_file(arguments)
        with checked_hydra_node():
            if any(asked):
                _answer()
                return None
            if arguments.multirun:
                # Hydra's own sweep ends with the first job that does not end in order.
                from app.sweep.sweep import sweep

                sweep(arguments)
                return None
            config = _compose(arguments)
    except (HydraException, OmegaConfBaseException, YAMLError) as error:
        raise composition_error(error) from error
    check_source(config.notify)
    return ACTIONS[config.action](config)


def _compose(arguments: Namespace) -> Lv3Config:
    name = arguments.config_name or "config"
    composed = make_loader(arguments).load_configuration(name, arguments.overrides, run_mode=RunMode.RUN)
    HydraConfig.instance().set_config(composed)  # for what refers to it: ${hydra:runtime.cwd}
    return to_config(composed)


def main() -> int:
    """Run the command; its exit status is one of `errors.ExitCode`."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors come to us, with their class; Hydra would print and exit with 1
    configure_logging()
    status = exit_status(_command)
    words, command = split_off(sys.argv[1:])
    if command and status != ExitCode.CONFIG:  # which one sees at once
        notify(command, status, words)
    no_last_look()
    return status
