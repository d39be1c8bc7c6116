"""From the way a piece of work ends to the exit status that says it."""

import logging
from collections.abc import Callable

from app.errors import ExitCode, Lv3Error
from app.logs import report_error

__all__ = ["exit_status"]

log = logging.getLogger(__name__)


def exit_status(work: Callable[[], None]) -> int:
    """Do some work and say how it ended, on the log and as an exit status; nothing but a signal gets through.

    Parameters
    ----------
    work : callable
    """
    try:
        work()
    except Lv3Error as error:
        report_error(error)
        return error.exit_code
    except KeyboardInterrupt as error:
        return getattr(error, "exit_code", ExitCode.SIGINT)
    except Exception:
        log.exception("unexpected error: please report it, with lv3_run.log")
        return ExitCode.UNEXPECTED
    return ExitCode.SUCCESS
