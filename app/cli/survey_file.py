"""The text of a survey file: an option of the config group survey, with comments, ready to sweep."""

import shlex
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from yaml import safe_dump

from app.config.schema import Lv3Config

if TYPE_CHECKING:
    from app.cli.init import Observed

__all__ = ["survey_text"]


def survey_text(name: str, path: Path, config: Lv3Config, observed: "Sequence[Observed]") -> str:
    """A survey of everything that was found.

    Parameters
    ----------
    name : str
        Of the survey.
    path : Path
        Where the file is going to be: FOLDER/survey/NAME.yaml.
    config : Lv3Config
        It says where the data are.
    observed : sequence of Observed
        By target.
    """
    command = shlex.join(["--config-dir", str(path.parent.parent), f"survey={name}"])
    first, places = observed[0], [str(Path(place).absolute()) for place in config.in_dir]
    lines = [
        "# @package _global_",
        f"# Made by `jwst-lv3 action=init` on {datetime.now(UTC):%Y-%m-%d} from the headers; change what you like.",
        f"#   jwst-lv3 -m action=plan {command}      # what would be done",
        f"#   jwst-lv3 -m {command}                  # all of it: {len(observed)} jobs",
        f"#   jwst-lv3 {command} target={first.target} band={first.band}",
        "# Add recipe=survey for many pointings, emission that fills the field, or faint sources.",
        *_defaults(observed),
        "",
        "# Folders or patterns; what lies below is searched for the band and target of each job.",
        f"in_dir: {_value(places if len(places) > 1 else places[0])}",
        *([f"step_ext: {_value(config.step_ext)}"] if config.step_ext != "cal" else []),
        f"out_root: {_value(name)}  # mosaics go to {name}/<target>/<band> below the current folder",
        "",
        "# Bands of each target. A job takes the exposures whose proposer's name begins with the target's; a line",
        "# `targprop: [NAME, NAME]` would name them one by one, for all targets of this file.",
        "observations:",
        *_observations(observed),
    ]
    return "\n".join(lines) + "\n"


def _defaults(observed: "Sequence[Observed]") -> Iterator[str]:
    """Background as it is declared, where any is."""
    if n := sum(row.n_background for row in observed):
        yield "defaults:"
        yield f"  - override /background: header  # {n} exposures are declared background (BKGDTARG)"


def _observations(observed: "Sequence[Observed]") -> Iterator[str]:
    for target, rows in groupby(observed, key=lambda row: row.target):
        of_target = list(rows)
        proposed = sorted({name for row in of_target for name in row.proposed})
        yield f"  {_value(target)}:  # {', '.join(proposed).replace(chr(10), ' ') or 'no name in the headers'}"
        for row in of_target:
            background = f", {row.n_background} of them background" if row.n_background else ""
            visits = f"{row.n_visits} visit{'s' * (row.n_visits != 1)}"
            yield f"    - {row.band}  # {visits}, {row.n_exposures} exposures in {row.n_files} files{background}"


def _value(value: str | list[str]) -> str:
    """A value as YAML writes it in one line."""
    text = safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6)
    return text.removesuffix("...\n").strip()
