"""Hydra's own node of a configuration: what in it a user may set.

Hydra creates the objects that this node names (callbacks, log handlers, the launcher) and writes to the folders that it
names. A survey file of somebody else can set all of this, so it is checked before Hydra does anything.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import reduce
from typing import Any

from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from app.config.hydra_internals import checked_loading
from app.runtime.errors import ConfigError

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
    return checked_loading(_check)


def _check(composed: DictConfig) -> None:
    if problems := list(_problems(composed.hydra)):
        raise ConfigError(problems)


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
