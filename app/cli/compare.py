"""``action=compare``: two runs, as a table, as a page, and as an exit status."""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from app.assess.compare import Difference, compare_catalogues, compare_exposures, compare_mosaics
from app.config.schema import Lv3Config
from app.plan.text import columns
from app.record.record import FINISHED
from app.report.comparison import write_comparison
from app.run.result import Result, read_result
from app.runtime.errors import ConfigError, InputError, StrictError

__all__ = ["compare"]

#: Keys of which no product depends.
_OF_NO_MEANING = {"a", "action", "b", "key", "notify", "out_dir", "overwrite", "procs", "tolerance", "verbose"}

log = logging.getLogger(__name__)


def compare(config: Lv3Config) -> None:
    """Compare the runs in the folders ``a`` and ``b``; print a table, and write a page into out_dir.

    Raises
    ------
    ConfigError
        A run is not named.
    InputError
        There is no finished run in a folder.
    StrictError
        They differ by more than the tolerance.
    """
    if missing := [key for key in ("a", "b") if not getattr(config, key)]:
        raise ConfigError(f"{key}: not given; the out_dir of a run to compare: write {key}=..." for key in missing)
    first, second = (_finished(key, Path(str(getattr(config, key))).absolute()) for key in ("a", "b"))
    found = list(_differences(first, second))
    too_large = [item for item in found if item.counts and not abs(item.value) <= config.tolerance]
    sys.stdout.write("\n".join(columns([_row(item) for item in found])) + "\n")
    verdict = f"{'Not alike' if too_large else 'Alike'} within {config.tolerance:g}"
    rows = [dict(zip(("what", "value", "unit"), _row(d), strict=True), is_within=d not in too_large) for d in found]
    runs = {
        "a": str(first.folder),
        "b": str(second.folder),
        "verdict": verdict,
        "settings": list(_settings(first, second)),
    }
    folder = Path(config.out_dir or ".").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    mosaics = [run.mosaic for run in (first, second) if run.mosaic and run.mosaic.is_file()]
    is_drawn = len(mosaics) == 2 and not any(np.isnan(item.value) for item in found)
    log.info("page: %s", write_comparison(folder, runs, rows, mosaics if is_drawn else []))
    if too_large:
        raise StrictError(
            f"{' '.join(_row(item)).strip()}: beyond tolerance={config.tolerance:g}" for item in too_large
        )


def _finished(key: str, folder: Path) -> Result:
    """The result of a run that is at its end."""
    result = read_result(folder)
    if result.state not in FINISHED:
        raise InputError(f"{key}={folder}: the run there is {result.state}: nothing to compare")
    return result


def _differences(first: Result, second: Result) -> Iterator[Difference]:
    mosaics = [run.mosaic for run in (first, second) if run.mosaic and run.mosaic.is_file()]
    if len(mosaics) == 2:
        yield from compare_mosaics(mosaics[0], mosaics[1])
    else:
        yield Difference("a run has no mosaic: pixels are not compared", np.nan, "", counts=True)
    a, b = (run.record.get("measurements") or {} for run in (first, second))
    if a and b:
        yield from compare_exposures(a, b)
    catalogues = [run.catalogue for run in (first, second) if run.catalogue and run.catalogue.is_file()]
    if a and len(catalogues) == 2:
        yield from compare_catalogues(catalogues[0], catalogues[1], a["pixel_scale"])


def _row(item: Difference) -> list[str]:
    return [item.what, "" if np.isnan(item.value) else f"{item.value:.4g}", item.unit]


def _settings(first: Result, second: Result) -> Iterator[tuple[str, Any, Any]]:
    """Keys of the configuration and versions that differ."""
    for table in ("config", "versions"):
        a, b = first.record[table], second.record[table]
        for name in a | b:
            if name not in _OF_NO_MEANING and a.get(name) != b.get(name):
                yield name, a.get(name), b.get(name)
