"""The command ``jwst-lv3``: a Hydra app over conf/, and nothing else."""

import os
import sys

import hydra
from hydra._internal.utils import get_args_parser
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from app.cli.actions import ACTIONS
from app.config.composition import CONF, check_root_file, composition_error, to_config
from app.config.hydra_node import checked_hydra_node
from app.runtime.errors import Lv3Error
from app.runtime.exit_status import exit_status
from app.runtime.logs import configure_logging

_outcome: list[Lv3Error | int | None] = []


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")
def _run(composed: DictConfig) -> None:
    try:
        config = to_config(composed)
        _outcome.append(ACTIONS[config.action](config))
    except Lv3Error as error:
        _outcome.append(error)  # raised by _command: on its way through Hydra it would be printed a second time


def _command() -> int | None:
    arguments = get_args_parser().parse_args()
    asks = arguments.help or arguments.hydra_help or arguments.cfg or arguments.info
    try:
        check_root_file(arguments)
        with checked_hydra_node():
            if arguments.multirun and not asks:
                # Hydra's own sweep ends with the first job that does not end in order.
                from app.sweep.sweep import sweep

                sweep(arguments)
            else:
                _run()
    except (HydraException, OmegaConfBaseException, YAMLError) as error:
        raise composition_error(error) from error
    outcome = _outcome[0] if _outcome else None
    if isinstance(outcome, Lv3Error):
        raise outcome
    return outcome


def main() -> int:
    """Run the command; its exit status is one of `errors.ExitCode`."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors come to us, with their class; Hydra would print and exit with 1
    configure_logging()
    return exit_status(_command)


if __name__ == "__main__":
    sys.exit(main())
