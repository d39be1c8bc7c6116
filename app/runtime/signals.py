"""SIGTERM and SIGINT: a run ends in order, and soon.

The signal becomes an exception in the main thread, on whose way out processes are ended, the record is written and the
work folder is removed. A long call of compiled code would keep it waiting, and a library may swallow it: a thread that
hears of the signal without Python's help then ends the process after `GRACE` seconds, whatever it is at.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from app.runtime.errors import ExitCode

__all__ = ["GRACE", "THREAD_NAME", "Interrupted", "last_words", "orderly_end"]

log = logging.getLogger(__name__)

#: Time for an orderly end [s].
GRACE = 7.0
THREAD_NAME = "jwst-lv3-signals"
_SIGNALS = (signal.SIGTERM, signal.SIGINT)

_last_words: list[Callable[[], None]] = []


class Interrupted(KeyboardInterrupt):
    """A signal asks the run to end.

    Parameters
    ----------
    number : int
        Number of the signal.
    """

    def __init__(self, number: int) -> None:
        self.exit_code = ExitCode(128 + number)
        super().__init__(signal.Signals(number).name)


@contextmanager
def orderly_end() -> Iterator[None]:
    """Context in which a first SIGTERM or SIGINT raises `Interrupted` in the main thread, and more of them do nothing.

    Where Python allows no handlers, outside the main thread, it changes nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    watch = _Watch()
    handlers = {number: signal.signal(number, watch.interrupt) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in handlers.items():  # a process that is ending stays watched, and deaf to more signals
            signal.signal(number, signal.SIG_IGN if watch.is_asked else handler)
        if not watch.is_asked:
            watch.close()


@contextmanager
def last_words(say: Callable[[], None]) -> Iterator[None]:
    """Context in which `say` is called before a process that does not end in order is ended."""
    _last_words.append(say)
    try:
        yield
    finally:
        _last_words.remove(say)


class _Watch:
    """Sees to it that the process ends after a signal."""

    def __init__(self) -> None:
        self.is_asked = False
        self._read_end, self._write_end = os.pipe()
        os.set_blocking(self._write_end, False)
        self._wakeup = signal.set_wakeup_fd(self._write_end, warn_on_full_buffer=False)
        threading.Thread(target=self._wait, name=THREAD_NAME, daemon=True).start()

    def interrupt(self, number: int, _: FrameType | None) -> None:
        """Handle a signal: the first raises, in the main thread."""
        if not self.is_asked:
            self.is_asked = True
            raise Interrupted(number)

    def close(self) -> None:
        """Stop watching."""
        signal.set_wakeup_fd(self._wakeup)
        os.close(self._write_end)

    def _wait(self) -> None:
        """Wait for a signal, whose number C writes into the pipe, then for the end of the process."""
        while number := os.read(self._read_end, 1):
            if number[0] in _SIGNALS:
                threading.Event().wait(GRACE)
                self._end(number[0])
        os.close(self._read_end)

    def _end(self, number: int) -> None:
        log.error("not ended %.0f s after %s: ending at once", GRACE, signal.Signals(number).name)
        for say in reversed(_last_words):
            say()
        os._exit(128 + number)


class _Fork(threading.local):
    """Keeps signals from a forked process until it has handlers of its own.

    With its parent's handlers a signal would be lost: it would raise where Python ignores exceptions, and its number
    would be written into the parent's pipe.
    """

    def hold(self) -> None:
        """Before: signals wait."""
        self.mask = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)

    def release(self) -> None:
        """In the parent: as before."""
        signal.pthread_sigmask(signal.SIG_SETMASK, self.mask)

    def forget(self) -> None:
        """In the child: end at SIGTERM, and leave SIGINT, which a terminal sends to all, to the parent."""
        if isinstance(getattr(signal.getsignal(signal.SIGTERM), "__self__", None), _Watch):
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        self.release()


_fork = _Fork()
os.register_at_fork(before=_fork.hold, after_in_parent=_fork.release, after_in_child=_fork.forget)
