"""The points of a sweep: every combination of what the command line and the survey list, each composed by Hydra."""

import argparse
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from app.config.composition import check_root, composition_error, to_config
from app.config.forms import as_list
from app.config.hydra_internals import apply_overrides, combinations, make_loader
from app.config.schema import Lv3Config
from app.config.validation import check
from app.config.words import value_word
from app.observation.bands import spelled
from app.runtime.errors import ConfigError

__all__ = ["COMMON", "Composer", "Point"]

#: Keys that belong to the sweep, not to one of its jobs.
COMMON = frozenset({"action", "fail_fast", "keep_going", "notify", "out_root", "procs", "sif"})


@dataclass(frozen=True, slots=True)
class Point:
    """One combination: its overrides as Hydra takes them, and those of them that the sweep varies, by key."""

    overrides: tuple[str, ...]
    swept: dict[str, str]

    @property
    def name(self) -> str:
        """What identifies this point."""
        swept = [f"{key}={value}" for key, value in self.swept.items()]
        return " ".join(swept or (w for w in self.overrides if w.startswith(("target=", "band=")))) or "the only job"


class Composer:
    """Hydra, set up for one sweep.

    Parameters
    ----------
    arguments : argparse.Namespace
        The command line, parsed by Hydra's own parser.

    Attributes
    ----------
    master : DictConfig
        The configuration without what is swept; its node `hydra` names the launcher.
    flags : list of str
        Options of the command line that every job needs as well.
    config_dir : Path or None
        Folder of --config-dir, which every job reads.
    """

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.flags = _flags(arguments)
        self.config_dir = Path(arguments.config_dir).absolute() if arguments.config_dir is not None else None
        self._arguments = list(arguments.overrides)
        self.loader = make_loader(arguments)
        name = arguments.config_name or "config"
        self.master = self.loader.load_configuration(name, arguments.overrides, run_mode=RunMode.MULTIRUN)
        check_root(self.master)

    @property
    def common(self) -> dict[str, Any]:
        """Settings of the sweep itself, which its jobs share."""
        return {key: self.master[key] for key in COMMON}

    @cached_property
    def _lists(self) -> dict[str, list[str]]:
        """The lists of a survey: they may be long, so they are not composed again for every point."""
        found = {key: list(map(str, as_list(self.master[key]))) for key in ("targets", "bands")}
        bands_of = self._observations
        bands = list(dict.fromkeys(chain.from_iterable(bands_of.values())))
        return {"targets": found["targets"] or list(bands_of), "bands": found["bands"] or bands}

    @cached_property
    def _observations(self) -> dict[str, list[str]]:
        """Bands of each target of a survey."""
        table: Any = OmegaConf.to_container(self.master.observations, resolve=True)
        return {str(target): [spelled(str(band)) for band in as_list(bands)] for target, bands in table.items()}

    def points(self) -> list[Point]:
        """All combinations, in the order of Hydra's own sweeper; the command line wins over the survey."""
        words = [*self._survey(), *self._arguments]
        overrides = {o.get_key_element(): o for o in self._parse(words) if not o.is_hydra_override()}
        swept = {key for key, override in overrides.items() if override.is_sweep_override()}
        if several := sorted(swept & COMMON):
            raise ConfigError(f"{key}: is one for the whole sweep, so it takes one value" for key in several)
        points = [
            Point(tuple(words), {k: v for k, _, v in (word.partition("=") for word in words) if k in swept})
            for words in combinations(list(overrides.values()))
        ]
        if observed := [point for point in points if self._is_observed(point)]:
            return observed
        raise ConfigError("observations: has none of the targets in any of the bands that are asked for")

    def _is_observed(self, point: Point) -> bool:
        """Whether the survey lists this band for this target; where it lists none, all are."""
        values = {override.key_or_group: override.value() for override in self._parse(point.overrides)}
        said = {key: str(getattr(value, "text", value)) for key, value in values.items()}
        bands = self._observations.get(said.get("target", ""))
        return bands is None or "band" not in said or spelled(said["band"]) in bands

    def _survey(self) -> Iterator[str]:
        """What a survey sweeps by itself: its targets and bands, and Hydra's table of values to sweep."""
        lists = {key: ",".join(map(value_word, values)) for key, values in self._lists.items() if values}
        yield from (f"{key.removesuffix('s')}={values}" for key, values in lists.items())
        sweeper: Any = OmegaConf.to_container(self.master.hydra.sweeper)
        yield from (f"{key}={value}" for key, value in (sweeper.get("params") or {}).items())

    def config(self, point: Point) -> Lv3Config:
        """The configuration of a point, checked.

        Raises
        ------
        ConfigError
            It cannot be composed, or does not pass the checks.
        """
        try:
            config = to_config(self._compose(point.overrides))
        except (HydraException, OmegaConfBaseException, YAMLError) as error:
            raise composition_error(error) from error
        for key, values in self._lists.items():
            setattr(config, key, getattr(config, key) or values)
        check(config)
        return config

    def _compose(self, words: Sequence[str]) -> DictConfig:
        """What `load_sweep_config` composes, at a tenth of its cost: options of groups first, which points share."""
        overrides = self._parse(words)
        groups = [o for o in overrides if self._is_group(o.key_or_group)]
        config = copy.deepcopy(self._of_groups(tuple(str(o.input_line) for o in groups)))
        apply_overrides([o for o in overrides if o not in groups], config)
        return config

    def _parse(self, words: Sequence[str]) -> list[Override]:
        return OverridesParser.create(config_loader=self.loader).parse_overrides(list(words))

    @lru_cache  # noqa: B019 - there is one composer a process
    def _is_group(self, key: str) -> bool:
        return bool(self.loader.get_group_options(key))

    @lru_cache(maxsize=256)  # noqa: B019
    def _of_groups(self, words: tuple[str, ...]) -> DictConfig:
        config = self.loader.load_sweep_config(self.master, list(words))
        with open_dict(config):
            del config["hydra"]
            config.update(dict.fromkeys(self._lists))
        OmegaConf.set_struct(config, True)
        return config


def _flags(arguments: argparse.Namespace) -> list[str]:
    given = {"--config-path": arguments.config_path, "--config-name": arguments.config_name}
    given["--config-dir"] = arguments.config_dir and str(Path(arguments.config_dir).absolute())
    return [word for flag, value in given.items() if value for word in (flag, value)]
