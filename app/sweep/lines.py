"""Overrides as lines of text: ready to paste behind ``jwst-lv3``, one job a line in a file."""

import re
import shlex
from collections.abc import Iterable
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import QuotedString

from app.runtime.files import write_text

__all__ = ["LINES_NAME", "line", "out_dir_of", "override", "write_lines"]

LINES_NAME = "sweep_jobs.txt"

# What Hydra's grammar reads as plain text in a value.
_PLAIN = re.compile(r"[\w./+@%:-]+", re.ASCII)


def override(key: str, value: str) -> str:
    """One override that gives just this text, quoted for Hydra where its grammar needs it."""
    if _PLAIN.fullmatch(value):
        return f"{key}={value}"
    # A backslash means itself there, but before a quote.
    escaped = re.sub(r'(\\*)("|\Z)', lambda found: 2 * found[1] + found[2].replace('"', '\\"'), value)
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
    value = OverridesParser.create().parse_override(word).value()
    return Path(value.text if isinstance(value, QuotedString) else str(value))
