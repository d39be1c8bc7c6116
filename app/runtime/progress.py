"""Progress of a run: lines with times for a log, and on a terminal one last line that is kept current.

Code that does the work only logs. Log records have attributes for the progress: ``steps`` (the names of all steps to
come), ``step`` (one begins), ``part`` (so many of so many parts of it are done); `Terminal` shows them.
"""

import logging
import shutil
import time
from collections.abc import Sequence
from typing import TextIO

__all__ = ["Terminal", "expect", "part_done", "step_begins", "step_ends"]

log = logging.getLogger(__name__)


def expect(steps: Sequence[str]) -> None:
    """Log which steps a run has, in order."""
    log.info("steps: %s", ", ".join(steps), extra={"steps": list(steps)})


def step_begins(step: str) -> None:
    """Log that a step begins."""
    log.info("%s", step, extra={"step": step})


def step_ends(step: str, seconds: float) -> None:
    """Log that a step has ended, successfully or not."""
    log.info("%s: %.1f s", step, seconds, extra={"step": ""})


def part_done(done: int, total: int) -> None:
    """Log that one more part of the step is done; only the terminal shows it."""
    log.debug("%d of %d", done, total, extra={"part": (done, total)})


class Terminal(logging.Handler):
    """Shows this program's messages, and below them, on a terminal, the progress of the run.

    Parameters
    ----------
    stream : file
        Standard error. Where it is no terminal there is no last line: a log gets whole lines with times.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
        self.shows_all = False
        self._stream = stream
        self._is_live = stream.isatty()
        self._start = time.monotonic()
        self._steps: list[str] = []
        self._step = ""
        self._part: tuple[int, int] | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Show a record, as a line of its own or in the last line."""
        try:
            self._follow(record)
            line = self.format(record) if self._is_shown(record) else ""
            if self._is_live:
                self._stream.write(f"\r\x1b[2K{line}{line and chr(10)}{self._state()}")
            elif line:
                self._stream.write(line + "\n")
            self._stream.flush()
        except Exception:  # noqa: BLE001 - as every handler of logging: a message must never end a run
            self.handleError(record)

    def _is_shown(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.INFO or (self._is_live and getattr(record, "step", None)):
            return False
        return self.shows_all or record.name.partition(".")[0] == "app"

    def _follow(self, record: logging.LogRecord) -> None:
        if (steps := getattr(record, "steps", None)) is not None:
            self._steps, self._start = list(steps), time.monotonic()
        if (step := getattr(record, "step", None)) is not None:
            if not step and self._step in self._steps:
                self._steps = self._steps[self._steps.index(self._step) + 1 :]
            self._step, self._part = step, None
        self._part = getattr(record, "part", self._part)

    def _state(self) -> str:
        """``tweakreg 3 of 12, then skymatch, resample  0:41``; nothing between runs."""
        if not self._step:
            return ""
        part = f" {self._part[0]} of {self._part[1]}" if self._part else ""
        later = [step for step in self._steps if step != self._step]
        then = f", then {', '.join(later)}" if later else ""
        minutes, seconds = divmod(int(time.monotonic() - self._start), 60)
        clock = f"  {minutes}:{seconds:02d}"
        width = shutil.get_terminal_size().columns - len(clock) - 1
        return f"{self._step}{part}{then}"[:width] + clock
