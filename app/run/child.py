"""The process that does a run: its supervisor starts ``python -m app.run.child PARENT`` and writes the order to it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from app.runtime.parent import end_with

if TYPE_CHECKING:
    from app.run.supervisor import Order

__all__ = ["main"]


def main() -> int:
    """Do what the supervisor orders; the exit status."""
    end_with(int(sys.argv[1]))  # first of all: what is imported below takes a while, in which the parent may die
    import logging
    import pickle
    from functools import partial

    from app.runtime.exit_status import exit_status
    from app.runtime.garbage import no_last_look
    from app.runtime.logs import configure_logging, show_all

    order: Order = pickle.load(sys.stdin.buffer)  # noqa: S301 - of our own parent
    sys.argv = ["jwst-lv3", *order.command]
    configure_logging()
    if order.is_job:
        logging.getLogger().handlers = [logging.NullHandler()]
    elif order.config.verbose:
        show_all()
    status = exit_status(partial(_run, order), prints=False)
    no_last_look()
    return status


def _run(order: Order) -> None:
    from app.pipeline.load import load
    from app.runtime.errors import Lv3Error
    from app.runtime.garbage import loading
    from app.runtime.pool import forked_pool
    from app.runtime.threads import one_thread

    try:
        with one_thread(), forked_pool(order.config.n_procs, load):  # libraries that come now start no threads
            with loading():
                from app.run.step import Lv3Step
            Lv3Step.from_config(order.config).do_step()
    except SystemExit as error:
        exited = Lv3Error(f"a library exited with {error}")
        _leave_trace(order, exited)
        raise exited from error
    except Exception as error:
        _leave_trace(order, error)
        raise


def _leave_trace(order: Order, error: BaseException) -> None:
    """Say what ended a job of a sweep where its summary looks for it, also where it ended before it had a record."""
    if order.is_job:
        from app.run.aftermath import conclude

        conclude(order, error)


if __name__ == "__main__":
    sys.exit(main())
