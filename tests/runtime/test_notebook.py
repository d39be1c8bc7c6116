"""Progress of a run in a notebook."""

import logging
import sys
from types import SimpleNamespace

from app.runtime.notebook import shown_in_notebook
from app.runtime.progress import expect, part_done, step_begins, step_ends


def test_outside_of_a_notebook_nothing_is_changed():
    before = [*logging.getLogger("app").handlers]
    with shown_in_notebook():
        assert logging.getLogger("app").handlers == before


def test_a_notebook_shows_a_bar_and_lines_in_one_place(monkeypatch):
    shown = []
    display = SimpleNamespace(
        HTML=str, display=lambda first, display_id: shown.append(first) or SimpleNamespace(update=shown.append)
    )
    kernel = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: kernel, display=display))
    with shown_in_notebook():
        expect(["tweakreg", "resample"], {"tweakreg": 10.0, "resample": 10.0})
        step_begins("tweakreg")
        part_done(3, 12)
        logging.getLogger("app.somewhere").info("a <note>")
        during = shown[-1]
        step_ends("tweakreg", 1.0)
    assert "<progress value=" in during
    assert "tweakreg 3 of 12, then resample" in during
    assert "left" in during
    assert "a &lt;note&gt;" in during
    assert "<progress" not in shown[-1], "nothing runs any more"
    assert not logging.getLogger("app").handlers
