"""Where messages go: ours to the terminal, everything to a file in out_dir."""

import logging
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from app.runtime import progress
from app.runtime.errors import Lv3Error
from app.runtime.progress import Terminal

__all__ = ["LOG_NAME", "configure_logging", "has_room", "log_file", "report_error", "show_all"]

LOG_NAME = "lv3_run.log"

log = logging.getLogger("app")


def configure_logging() -> None:
    """Show this program's own messages on standard error, with the progress of the run."""
    root = logging.getLogger()
    root.handlers = [terminal := Terminal(sys.stderr)]
    root.setLevel(logging.INFO)
    logging.getLogger(progress.__name__).setLevel(logging.DEBUG)
    terminal.addFilter(lambda record: not getattr(record, "file_only", False))
    logging.captureWarnings(True)


def show_all() -> None:
    """Show the messages of libraries on the terminal too."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, Terminal):
            handler.shows_all = True


class _LogFile(logging.FileHandler):
    """A log file whose errors are ignored: the run itself reports a full disk."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Do nothing; logging would print a traceback for every message on a full disk."""

    def close(self) -> None:
        """Close the file, even if its last lines cannot be written."""
        with suppress(OSError):
            super().close()


@contextmanager
def log_file(folder: Path, append: bool = False) -> Iterator[None]:
    """Collect every message of the run, jwst's own included, in ``folder/lv3_run.log``.

    Parameters
    ----------
    folder : Path
    append : bool
        The run continues an earlier one, whose messages stay.
    """
    handler = _LogFile(folder / LOG_NAME, mode="a" if append else "w", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.setLevel(logging.INFO)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        handler.close()


def has_room(stream: TextIO) -> bool:
    """Whether a line can be written at once: writing to a full pipe that nobody reads would block for ever."""
    return bool(select.select([], [stream], [], 0)[1])


def report_error(error: Lv3Error | str) -> None:
    """Log every problem of an error on a line of its own."""
    for problem in [error] if isinstance(error, str) else error.problems:
        log.error("error: %s", problem)
