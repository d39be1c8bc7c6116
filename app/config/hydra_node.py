"""Hydra's own node of a configuration: what of it anybody may set.

Hydra makes objects of what stands there, callbacks, handlers of logs, the launcher, and follows it where it writes. A
survey of somebody else can say all of it, so it is looked at before Hydra does anything.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import reduce, wraps
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from app.runtime.errors import ConfigError
from app.runtime.patched import replaced

__all__ = ["checked_hydra_node"]

#: Keys below ``hydra`` that conf/config.yaml, or Hydra's default, decides.
_OURS: dict[str, tuple[Any, ...]] = {
    "callbacks": ({},),
    **dict.fromkeys(
        ("job_logging", "hydra_logging"), ({"version": 1, "root": None, "disable_existing_loggers": False},)
    ),
    "output_subdir": (None,),
    **dict.fromkeys(("run.dir", "sweep.dir", "sweep.subdir"), (".",)),
    "job.chdir": (None, False),
    **dict.fromkeys(("job.env_set", "job.env_copy"), ({}, [])),
    "mode": (None, RunMode.RUN),  # a sweep is asked for by -m
}
_CALLED = ("_target_", "()")  # keys of tables that Hydra, and Python's logging, make objects of


def checked_hydra_node() -> AbstractContextManager[None]:
    """Context in which every configuration that Hydra composes has its own node checked, before anything is made of it.

    Composing then raises `ConfigError`, with all problems.
    """
    load = ConfigLoaderImpl.load_configuration

    @wraps(load)
    def load_checked(loader: Any, config_name: str | None, *args: Any, **options: Any) -> DictConfig:
        composed = load(loader, config_name, *args, **options)
        problems = list(_problems(composed.hydra)) if config_name else []  # without one it is Hydra's own, for its help
        if problems:
            raise ConfigError(problems)
        return composed

    return replaced(ConfigLoaderImpl, "load_configuration", load_checked)


def _problems(node: DictConfig) -> Iterator[str]:
    plain: Any = OmegaConf.to_container(node, resolve=False)
    for key, allowed in _OURS.items():
        value = reduce(lambda table, name: table[name], key.split("."), plain)
        if value not in allowed:
            yield f"hydra.{key}={value}: the program decides this itself; take it out"
    try:
        launcher = OmegaConf.to_container(node.launcher, resolve=True)  # a reference may lead to any table
    except OmegaConfBaseException as error:
        yield f"hydra.launcher: {str(error).splitlines()[0]}"
        return
    settings = launcher.items() if isinstance(launcher, dict) else ()
    for where in _called({key: value for key, value in settings if key != "_target_"}, "hydra.launcher"):
        yield f"{where}: nothing is made of a configuration; take it out"


def _called(value: Any, where: str) -> Iterator[str]:
    """Places in a value of which an object would be made."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        if key in _CALLED:
            yield f"{where}.{key}={item}"
        yield from _called(item, f"{where}.{key}")
