"""Where each job of a sweep writes: a folder named after the job, the same whenever the sweep is repeated."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from app.config.schema import Lv3Config
from app.observation.names import safe_name

__all__ = ["place", "shared_places"]

# Keys whose value is in a job's place anyway, or that say nothing about what it makes.
_SAID = {"target", "band", "is_bgr", "out_root", "out_dir", "procs", "action", "overwrite", "verbose"}


def place(config: Lv3Config, swept: Mapping[str, str]) -> Path:
    """The folder of one job, absolute.

    Parameters
    ----------
    config : Lv3Config
        With its own `out_dir`, that is the place.
    swept : mapping
        What the sweep varies, with this job's values, as on the command line.

    Returns
    -------
    Path
        ``<out_root>/<target>/<band>[_bgr][/<key>-<value>__<key>-<value>...]``.
    """
    rest = [safe_name(f"{_short(key)}-{value}") for key, value in swept.items() if key not in _SAID]
    if config.out_dir or not rest:
        return config.output_folder
    return config.output_folder / "__".join(rest)


def _short(key: str) -> str:
    return key.lstrip("+").removeprefix("jwst_parameters.")


def shared_places(jobs: Iterable[tuple[str, Path]]) -> dict[Path, str]:
    """A problem for each folder that several jobs would write to.

    Parameters
    ----------
    jobs : iterable of tuple
        Of each job its overrides as a text, and its folder.
    """
    users = defaultdict(list)
    for overrides, folder in jobs:
        users[folder].append(overrides)
    return {
        folder: f"out_dir={folder}: {len(texts)} jobs would write there ({'; '.join(texts)}): let out_dir differ"
        for folder, texts in users.items()
        if len(texts) > 1
    }
