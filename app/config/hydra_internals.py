"""All that is used of Hydra beyond its public names; pyproject.toml bounds Hydra's version for it.

Hydra's own ``main`` returns nothing, prints the error of a job before it raises it, and ends a sweep with the first job
that fails. So a run and a sweep are composed with Hydra's parts, and what they do is called by this program itself.
"""

from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import wraps
from pathlib import Path
from typing import Any

from hydra._internal.callbacks import Callbacks
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path, get_args_parser
from hydra.core.config_loader import ConfigLoader
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.override_parser.types import Override
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext
from omegaconf import DictConfig

from app.config.words import readable, with_key
from app.runtime.errors import ConfigError
from app.runtime.patched import patched

__all__ = [
    "apply_overrides",
    "bare_loader",
    "checked_loading",
    "combinations",
    "make_launcher",
    "make_loader",
    "parse_arguments",
    "result",
]

#: Where every installation finds its own conf/: a job composes its configuration again, maybe inside an image.
_SEARCH_PATH = "pkg://app.config.conf"


def parse_arguments(words: Sequence[str] | None = None) -> Namespace:
    """The command line (default that of this process), parsed as Hydra does; values that it has no place for quoted."""
    arguments = get_args_parser().parse_intermixed_args(words)  # options may stand between overrides
    arguments.overrides = [readable(word) for word in with_key(arguments.overrides)]
    return arguments


def make_loader(arguments: Namespace) -> ConfigLoader:
    """What composes configurations of this program's conf/ and of the folder of ``--config-dir``.

    Raises
    ------
    ConfigError
        There is no such folder.
    """
    search_path = create_config_search_path(arguments.config_path or _SEARCH_PATH)
    if arguments.config_dir is not None:
        folder = Path(arguments.config_dir).absolute()
        if not folder.is_dir():
            raise ConfigError(f"--config-dir {arguments.config_dir}: no such folder")
        search_path.prepend("command-line", f"file://{folder}", SearchPathQuery(provider="schema"))
    return Hydra.create_main_hydra2("jwst-lv3", search_path).config_loader


def bare_loader() -> ConfigLoader:
    """What composes configurations of this program's conf/ in the process of a user, and leaves no trace in it."""
    return ConfigLoaderImpl(create_config_search_path(_SEARCH_PATH))


def checked_loading(check: Callable[[DictConfig], None]) -> AbstractContextManager[None]:
    """Context in which `check` sees every configuration of this program, before anything is made of it."""
    load = ConfigLoaderImpl.load_configuration

    @wraps(load)
    def load_checked(loader: Any, config_name: str | None, *args: Any, **options: Any) -> DictConfig:
        composed = load(loader, config_name, *args, **options)
        if config_name:  # without one it is Hydra's own, for its help
            check(composed)
        return composed

    return patched(ConfigLoaderImpl, "load_configuration", load_checked)


def combinations(overrides: Sequence[Override]) -> Sequence[Sequence[str]]:
    """Every combination of the values that overrides sweep, in the order of Hydra's own sweeper."""
    return BasicSweeper.split_arguments(list(overrides), None)[0]


def apply_overrides(overrides: Sequence[Override], config: DictConfig) -> None:
    """Set in a configuration what overrides say."""
    ConfigLoaderImpl._apply_overrides_to_config(list(overrides), config)


def make_launcher(loader: ConfigLoader, task: Callable[[DictConfig], Any], master: DictConfig) -> Launcher:
    """The launcher that a configuration names."""
    context = HydraContext(config_loader=loader, callbacks=Callbacks())
    return Plugins.instance().instantiate_launcher(context, task, master)


def result(returned: JobReturn) -> Any:
    """What a job returned, or the exception that ended it; the public name would print and raise that."""
    return returned._return_value
