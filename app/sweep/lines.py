"""Overrides as lines of text: ready to paste behind ``jwst-lv3``, one job a line in a file."""

import re
import shlex
from collections.abc import Iterable
from pathlib import Path

from app.files import write_text

__all__ = ["LINES_NAME", "line", "out_dir_of", "override", "write_lines"]

LINES_NAME = "sweep_jobs.txt"

# What Hydra's grammar reads as plain text in a value.
_PLAIN = re.compile(r"[\w./+@%:-]+", re.ASCII)


def override(key: str, value: str) -> str:
    """One override that gives just this text, quoted for Hydra where its grammar needs it."""
    if _PLAIN.fullmatch(value):
        return f"{key}={value}"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{key}="{escaped}"'


def line(words: Iterable[str]) -> str:
    """Overrides as one line, quoted for a shell and for xargs."""
    return shlex.join(words)


def write_lines(folder: Path, lines: Iterable[str]) -> Path:
    """Write ``sweep_jobs.txt``: line n is task n of a job array."""
    return write_text(folder / LINES_NAME, "".join(f"{text}\n" for text in lines))


def out_dir_of(text: str) -> Path:
    """The out_dir that a line of `write_lines` gives."""
    word = next(word for word in reversed(shlex.split(text)) if word.startswith("out_dir="))
    value = word.removeprefix("out_dir=")
    if value.startswith('"'):
        value = value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return Path(value)
