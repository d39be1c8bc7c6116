"""Signals that ask for an end: in the main thread they become an exception, so that the work can clean up.

A process that must end, whatever it is doing, has a supervisor (`app.run.supervisor`); nothing here forces it.
"""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from app.runtime.errors import ExitCode
from app.runtime.resources import is_time_up

__all__ = ["Interrupted", "TimeLimitError", "asking", "interruption", "orderly_end"]

#: What asks for an end: a scheduler, Ctrl-C, a terminal that closes, a cluster before its time limit.
_ASKING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR2)
#: Time after which an exception that Python has dropped is raised again [s].
_AGAIN = 0.01


class Interrupted(KeyboardInterrupt):
    """A signal asks the run to end.

    Parameters
    ----------
    number : int
        Number of the signal.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.exit_code = ExitCode.SIGTERM if number == signal.SIGUSR2 else ExitCode(128 + number)
        super().__init__(signal.Signals(number).name)


class TimeLimitError(Interrupted):
    """A job's time is over, or will be soon: SIGUSR2, which clusters send some time before, or SIGTERM at the limit."""

    def __str__(self) -> str:
        if self.number == signal.SIGUSR2:
            return "SIGUSR2, which clusters send before a job's time is over"
        return f"{signal.Signals(self.number).name} at the job's time limit"


def interruption(number: int) -> Interrupted:
    """The exception that stands for a signal that has just come."""
    is_limit = number == signal.SIGUSR2 or (number == signal.SIGTERM and is_time_up())
    return TimeLimitError(number) if is_limit else Interrupted(number)


def asking() -> list[signal.Signals]:
    """Signals that ask this process to end, without those that it was started to ignore, as under ``nohup``."""
    return [number for number in _ASKING if signal.getsignal(number) is not signal.SIG_IGN]


@contextmanager
def orderly_end() -> Iterator[None]:
    """Context in which the first signal that asks for an end raises `Interrupted` in the main thread, others nothing.

    Where Python allows no handlers, outside the main thread, it changes nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ending, hook = _Ending(), sys.unraisablehook
    handlers = {number: signal.signal(number, ending.interrupt) for number in asking()}
    handlers[signal.SIGALRM] = signal.signal(signal.SIGALRM, ending.interrupt_again)
    sys.unraisablehook = ending.take_back
    signal.pthread_sigmask(signal.SIG_UNBLOCK, handlers)  # whoever started this process may have held them back
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for number, handler in handlers.items():  # a process that is ending ignores further signals
            signal.signal(number, signal.SIG_IGN if ending.asked else handler)


class _Ending:
    """Handles the signals, and remembers the first.

    Python drops exceptions that it cannot pass to a caller: in ``__del__``, callbacks of weak references, hooks of
    forks. So that no signal is lost, it is raised again a moment later.
    """

    def __init__(self) -> None:
        self.asked: int | None = None

    def interrupt(self, number: int, _: FrameType | None) -> None:
        """Handle a signal: the first raises."""
        if self.asked is None:
            self.asked = number
            raise interruption(number)

    def interrupt_again(self, _: int, __: FrameType | None) -> None:
        """Raise what was dropped."""
        if self.asked is not None:
            raise interruption(self.asked)

    def take_back(self, dropped: Any) -> None:
        """Take an exception that Python drops: ours is raised again, others are reported as usual."""
        if isinstance(dropped.exc_value, Interrupted):
            signal.setitimer(signal.ITIMER_REAL, _AGAIN)
        else:
            sys.__unraisablehook__(dropped)
