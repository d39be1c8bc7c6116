"""From the way a piece of work ends to the exit status that says it."""

import logging
import os
import sys
from collections.abc import Callable

from app.runtime.errors import ExitCode, Lv3Error
from app.runtime.logs import report_error
from app.runtime.signals import orderly_end

__all__ = ["exit_status"]

log = logging.getLogger(__name__)


def exit_status(work: Callable[[], None]) -> int:
    """Do some work and say how it ended, on the log and as an exit status; SIGTERM and SIGINT end it in order.

    Parameters
    ----------
    work : callable
    """
    try:
        with orderly_end():
            work()
            if sys.stdout:  # None where it was closed
                sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python would complain once more at its end
        return ExitCode.SIGPIPE
    except Lv3Error as error:
        report_error(error)
        return error.exit_code
    except KeyboardInterrupt as error:
        report_error(f"interrupted by {error or 'SIGINT'}; the same command again finishes the work")
        return getattr(error, "exit_code", ExitCode.SIGINT)
    except MemoryError as error:
        report_error(f"out of memory ({error}): give the job more, or set a smaller procs")
        return ExitCode.MEMORY
    except Exception:
        log.exception("unexpected error: please report it, with lv3_run.log")
        return ExitCode.UNEXPECTED
    return ExitCode.SUCCESS
