"""Overrides as lines of text: to be pasted after ``jwst-lv3``; in a file, one job per line."""

import shlex
from collections.abc import Iterable
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import QuotedString

from app.runtime.files import write_text

__all__ = ["LINES_NAME", "line", "out_dir_of", "write_lines"]

LINES_NAME = "sweep_jobs.txt"


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
