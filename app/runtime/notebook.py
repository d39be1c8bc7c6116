"""Progress of a run in a notebook: a bar, and the lines of the log that matter below it."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

from app.runtime import progress
from app.runtime.progress import Progress

__all__ = ["shown_in_notebook"]

_LINES = 8  # of the log, shown below the bar


@contextmanager
def shown_in_notebook() -> Iterator[None]:
    """Context in which a run shows its progress, where it is in a notebook; else nothing is changed."""
    display = _display()
    if display is None:
        yield
        return
    handler = Notebook(display)
    ours, source = logging.getLogger("app"), logging.getLogger(progress.__name__)
    levels = ours.level, source.level
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)
    source.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        ours.removeHandler(handler)
        ours.setLevel(levels[0])
        source.setLevel(levels[1])


def _display() -> Any:
    """What shows and updates HTML in the notebook of this process; None where it is in none."""
    ipython: Any = sys.modules.get("IPython")  # a notebook has it imported
    if ipython is None or getattr(ipython.get_ipython(), "kernel", None) is None:
        return None
    handle = ipython.display.display(ipython.display.HTML(""), display_id=True)
    return lambda text: handle.update(ipython.display.HTML(text))


class Notebook(logging.Handler):
    """Shows the progress of a run as HTML.

    Parameters
    ----------
    show : callable
        Is given the HTML that takes the place of what was shown before.
    """

    def __init__(self, show: Any) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
        self._show = show
        self._progress = Progress()
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Show a record, and how far the run is."""
        try:
            self._progress.follow(record)
            if record.levelno >= logging.INFO and not getattr(record, "step", None):
                self._lines = [*self._lines, self.format(record)][-_LINES:]
            self._show(self._html())
        except Exception:  # noqa: BLE001 - as every handler of logging: a message must never end a run
            self.handleError(record)

    def _html(self) -> str:
        state, share = self._progress.state(), self._progress.share
        bar = f'<progress value="{share:.3f}" style="width: 20em"></progress> {escape(state)}' if state else ""
        return f"{bar}<pre>{escape(chr(10).join(self._lines))}</pre>"
