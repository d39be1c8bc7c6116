"""Progress of a run: lines with times for a log, and on a terminal one last line that is kept current.

Code that does the work only logs. Log records have attributes for the progress: ``steps`` (the names of all steps to
come) with ``seconds`` (what each is expected to take), ``step`` (one begins), ``part`` (so many of so many parts of it
are done); `Progress` follows them, `Terminal` shows it.
"""

import logging
import shutil
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TextIO

__all__ = ["Progress", "Terminal", "expect", "jobs_done", "part_done", "step_begins", "step_ends"]

log = logging.getLogger(__name__)

_REDRAW = 1.0  # [s]


def expect(steps: Sequence[str], seconds: Mapping[str, float] | None = None) -> None:
    """Log which steps a run has, in order, and how long each may take [s]."""
    log.info("steps: %s", ", ".join(steps), extra={"steps": list(steps), "seconds": dict(seconds or {})})


def step_begins(step: str) -> None:
    """Log that a step begins."""
    log.info("%s", step, extra={"step": step})


def step_ends(step: str, seconds: float) -> None:
    """Log that a step has ended, successfully or not."""
    log.info("%s: %.1f s", step, seconds, extra={"step": ""})


def part_done(done: int, total: int) -> None:
    """Log that one more part of the step is done; only the terminal shows it."""
    log.debug("%d of %d", done, total, extra={"part": (done, total)})


def jobs_done(done: int, total: int, now: str) -> None:
    """Log how many jobs of a sweep are at their end, and what the others do now; only the terminal shows it."""
    log.debug("%d of %d: %s", done, total, now, extra={"part": (done, total), "now": now})


class Progress:
    """How far a run is, from its log records."""

    def __init__(self) -> None:
        self._start = self._step_start = time.monotonic()
        self._seconds: dict[str, float] = {}
        self._steps: list[str] = []
        self._step = ""
        self._is_starting = False
        self._part: tuple[int, int] | None = None
        self._now = ""

    def follow(self, record: logging.LogRecord) -> None:
        """Take in what a log record says of the progress."""
        if (steps := getattr(record, "steps", None)) is not None:
            self._steps, self._start = list(steps), time.monotonic()
            self._seconds, self._is_starting = getattr(record, "seconds", {}), True
        if hasattr(record, "step") or record.levelno >= logging.ERROR:
            self._is_starting = False
        if (step := getattr(record, "step", None)) is not None:
            if not step and self._step in self._steps:
                self._steps = self._steps[self._steps.index(self._step) + 1 :]
            self._step, self._part, self._now, self._step_start = step, None, "", time.monotonic()
        self._part, self._now = getattr(record, "part", self._part), getattr(record, "now", self._now)

    @property
    def remaining(self) -> float | None:
        """Time to the end [s]; None where it is not known what steps take."""
        if not (self._seconds or self._now):
            return None
        elapsed, later = time.monotonic() - self._step_start, [step for step in self._steps if step != self._step]
        of_step = max(self._seconds.get(self._step, 0.0) - elapsed, 0.0)
        if self._part and self._part[0]:  # what it does take is better than what it was expected to
            done, total = self._part
            so_far = elapsed * (total - done) / done
            of_step = (of_step + so_far) / 2 if self._seconds else so_far
        return of_step + sum(self._seconds.get(step, 0.0) for step in later)

    @property
    def share(self) -> float:
        """Part of the time that is over, 0 to 1; 0 where it is not known."""
        elapsed = time.monotonic() - self._start
        return elapsed / (elapsed + self.remaining) if self.remaining and elapsed else 0.0

    def state(self, width: int = 1000) -> str:
        """``tweakreg 3 of 12, then skymatch, resample  0:41, some 2:10 left``; nothing between runs.

        Parameters
        ----------
        width : int
            Longest text; what comes later is cut first.
        """
        now = self._step or ("starting" if self._is_starting else "")  # loading jwst takes seconds
        if not now:
            return ""
        part = f" {self._part[0]} of {self._part[1]}" if self._part else ""
        later = [step for step in self._steps if step != self._step]
        then = f", then {', '.join(later)}" if later else f": {self._now}" if self._now else ""
        left = f", some {_clock(self.remaining)} left" if self.remaining else ""
        clock = f"  {_clock(time.monotonic() - self._start)}{left}"
        return f"{now}{part}{then}"[: width - len(clock)] + clock


def _clock(seconds: float | None) -> str:
    minutes, rest = divmod(round(seconds or 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


class Terminal(logging.Handler):
    """Shows this program's messages, and below them, on a terminal, the progress of the run, with a clock that runs.

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
        self._progress = Progress()
        self._clock: threading.Thread | None = None
        self._is_closed = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        """Show a record, as a line of its own or in the last line."""
        try:
            self._progress.follow(record)
            line = self.format(record) if self._is_shown(record) else ""
            if self._is_live:
                self._draw(f"{line}{line and chr(10)}")
                self._start_clock()
            elif line:
                self._stream.write(line + "\n")
                self._stream.flush()
        except Exception:  # noqa: BLE001 - as every handler of logging: a message must never end a run
            self.handleError(record)

    def close(self) -> None:
        """Stop the clock."""
        self._is_closed.set()
        super().close()

    def _draw(self, lines: str = "") -> None:
        width = shutil.get_terminal_size().columns - 1
        self._stream.write(f"\r\x1b[2K{lines}{self._progress.state(width)}")
        self._stream.flush()

    def _start_clock(self) -> None:
        """Redraw from now on, while a step runs."""
        if self._clock is None and self._progress.state():
            self._clock = threading.Thread(target=self._tick, daemon=True)
            self._clock.start()

    def _tick(self) -> None:
        while not self._is_closed.wait(_REDRAW):
            with self.lock or threading.Lock():
                if self._progress.state():
                    try:
                        self._draw()
                    except (OSError, ValueError):  # the terminal is gone
                        return

    def _is_shown(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.INFO or (self._is_live and getattr(record, "step", None)):
            return False
        return self.shows_all or record.name.partition(".")[0] == "app"
