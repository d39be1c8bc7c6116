"""What the jobs of a sweep differ in, from the words that start them."""

import shlex
from collections.abc import Iterable, Sequence

__all__ = ["alike", "varied"]

#: What every job has of its own, and what no product depends on.
_OF_NO_MEANING = {"out_dir", "hydra.sweep.dir"}


def varied(overrides: Iterable[str]) -> list[dict[str, str]]:
    """The values of the keys in which jobs differ, for each job; empty where a job does not name the key.

    Parameters
    ----------
    overrides : iterable of str
        Of each job, as a line for a shell: ``target=ngc0628 '+jwst_parameters.tweakreg.snr_threshold=5'``.
    """
    tables = [_table(line) for line in overrides]
    keys = [key for key in _keys(tables) if len({table.get(key) for table in tables}) > 1]
    return [{key: table.get(key, "") for key in keys} for table in tables]


def alike(overrides: Iterable[str]) -> dict[str, str]:
    """The keys that all jobs name with the same value."""
    tables = [_table(line) for line in overrides]
    return {key: tables[0][key] for key in _keys(tables[:1]) if len({table.get(key) for table in tables}) == 1}


def _table(line: str) -> dict[str, str]:
    pairs = (word.lstrip("+~").partition("=")[::2] for word in shlex.split(line))
    return {key: value for key, value in pairs if key not in _OF_NO_MEANING}


def _keys(tables: Sequence[dict[str, str]]) -> list[str]:
    """All keys, in the order in which jobs name them."""
    return list(dict.fromkeys(key for table in tables for key in table))
