"""The exit status of a piece of work, from the way it ended."""

import logging
import os
import select
import sys
from collections.abc import Callable

from app.runtime.disk import device_error
from app.runtime.errors import ExitCode, Lv3Error
from app.runtime.logs import has_room, report_error
from app.runtime.signals import Interrupted, orderly_end

__all__ = ["exit_status"]

log = logging.getLogger(__name__)


def exit_status(work: Callable[[], int | None], prints: bool = True) -> int:
    """Do some work, log how it ended, and return the exit status; a signal that asks for an end raises `Interrupted`.

    Parameters
    ----------
    work : callable
        Returns an exit status, or None for success.
    prints : bool
        It writes to standard output; else a pipe that broke is another one, and an error like any other.
    """
    try:
        with orderly_end():
            status = work()
            if sys.stdout:  # None where it was closed
                sys.stdout.flush()
    except Lv3Error as error:
        report_error(error)
        return error.exit_code
    except KeyboardInterrupt as error:
        if has_room(sys.stderr):
            report_error(f"interrupted by {error or 'SIGINT'}; the same command again finishes the work")
        return error.exit_code if isinstance(error, Interrupted) else ExitCode.SIGINT
    except MemoryError as error:
        report_error(f"out of memory ({error}): give the job more, or set a smaller procs")
        return ExitCode.MEMORY
    except Exception as error:
        if isinstance(error, BrokenPipeError) and prints and _is_unread(1):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python would report it again when it exits
            return ExitCode.SIGPIPE
        if found := device_error(error):
            report_error(found)
            return found.exit_code
        log.exception("unexpected error: please report it, with lv3_run.log")
        return ExitCode.UNEXPECTED
    return status or ExitCode.SUCCESS


def _is_unread(output: int) -> bool:
    """Whether whoever read this output has stopped; a pipe that broke may be another one."""
    poll = select.poll()
    poll.register(output, 0)
    return any(events & select.POLLERR for _, events in poll.poll(0))
