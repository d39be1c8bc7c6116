"""Files that a configuration names and that are not there: what a sweep can know of them before it starts."""

from collections.abc import Iterator
from pathlib import Path

from app.config.paths import FILE_PARAMETERS
from app.config.schema import Lv3Config
from app.plan.parameters import merged
from app.plan.plan import Plan

__all__ = ["missing_files", "missing_of_parameters"]


def missing_files(config: Lv3Config) -> Iterator[str]:
    """A problem for each file of the program's own keys that is not there."""
    for key in ("sky_levels", "mosaic_like"):
        if (name := getattr(config, key)) and not Path(name).is_file():
            yield f"{key}={name}: no such file"


def missing_of_parameters(plan: Plan) -> Iterator[str]:
    """A problem for each file that a parameter of a step names, for this target and band, and that is not there."""
    from stcal.tweakreg.tweakreg import SINGLE_GROUP_REFCAT

    for step, table in merged(plan.asked).items():
        if not isinstance(table, dict) or table.get("skip") is True:
            continue
        for name, value in table.items():
            if name not in FILE_PARAMETERS or not isinstance(value, str) or not value.strip() or Path(value).is_file():
                continue
            if name != "abs_refcat":
                yield f"jwst_parameters.{step}.{name}={value}: no such file"
            elif value.strip().upper() not in SINGLE_GROUP_REFCAT:
                online = ", ".join(SINGLE_GROUP_REFCAT)
                yield f"jwst_parameters.{step}.{name}={value}: no such file, and none of the online catalogues {online}"
