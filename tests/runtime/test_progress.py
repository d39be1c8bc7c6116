import io
import logging
import re

import pytest

from app.runtime.logs import configure_logging, show_all
from app.runtime.progress import Progress, Terminal, expect, part_done, step_begins, step_ends
from tests.faults.command import wait_until


class Screen(io.StringIO):
    """A stream that is a terminal, or is not."""

    def __init__(self, is_terminal):
        super().__init__()
        self.isatty = lambda: is_terminal


@pytest.fixture
def shown(request):
    """What a handler shows of a short run."""
    screen = Screen(request.param)
    terminal = Terminal(screen)
    logger = logging.getLogger("app.runtime.progress")
    logger.addHandler(terminal)
    logging.getLogger("jwst").addHandler(terminal)
    level = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        expect(["tweakreg", "resample", "report"])
        step_begins("tweakreg")
        part_done(1, 12)
        logging.getLogger("jwst").warning("something of jwst")
        step_ends("tweakreg", 1.8)
        step_begins("resample")
        part_done(3, 4)
        step_ends("resample", 2.0)
    finally:
        logger.setLevel(level)
        logger.removeHandler(terminal)
        logging.getLogger("jwst").removeHandler(terminal)
    return screen.getvalue()


@pytest.mark.parametrize("shown", [False], indirect=True)
def test_a_log_gets_whole_lines_with_times_and_no_control_characters(shown):
    lines = shown.splitlines()
    assert [re.sub(r"^\d\d:\d\d:\d\d ", "", line) for line in lines] == [
        "steps: tweakreg, resample, report", "tweakreg", "tweakreg: 1.8 s", "resample", "resample: 2.0 s",
    ]  # fmt: skip
    assert all(re.match(r"\d\d:\d\d:\d\d ", line) for line in lines)
    assert "\x1b" not in shown
    assert "\r" not in shown


@pytest.mark.parametrize("shown", [True], indirect=True)
def test_a_terminal_shows_step_part_and_what_remains_in_one_line(shown):
    states = [part.rpartition("\n")[2] for part in shown.split("\r\x1b[2K")]
    assert any(re.fullmatch(r"tweakreg 1 of 12, then resample, report +0:00", state) for state in states)
    assert any(re.fullmatch(r"resample 3 of 4, then report +0:00", state) for state in states)
    assert states[-1] == ""
    assert "something of jwst" not in shown


def test_verbose_shows_what_libraries_say_and_file_only_stays_in_the_file(monkeypatch):
    screen = Screen(is_terminal=False)
    monkeypatch.setattr("sys.stderr", screen)
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    configure_logging()
    logging.getLogger("jwst").warning("before")
    show_all()
    logging.getLogger("jwst").warning("after")
    logging.getLogger("app.run.step").warning("with traceback", extra={"file_only": True})
    logging.captureWarnings(False)
    logging.getLogger("app.runtime.progress").setLevel(logging.NOTSET)
    assert [line[9:] for line in screen.getvalue().splitlines()] == ["after"]


def follow(*records):
    """What is known after log records with such attributes."""
    progress = Progress()
    for attributes in records:
        progress.follow(logging.makeLogRecord({"levelno": logging.INFO} | attributes))
    return progress


def test_what_is_left_is_known_where_the_steps_times_are_expected():
    steps = {"steps": ["a", "b"], "seconds": {"a": 60.0, "b": 65.0}}
    progress = follow(steps, {"step": "a"})
    assert progress.remaining == pytest.approx(125, abs=1)
    assert progress.state().endswith("then b  0:00, some 2:05 left")
    assert follow(steps, {"step": "a"}, {"step": ""}, {"step": "b"}).remaining == pytest.approx(65, abs=1)
    assert follow({"steps": ["a"]}, {"step": "a"}).remaining is None


def test_a_run_that_loads_is_starting_until_a_step_begins_or_it_fails():
    steps = {"steps": ["a", "b"], "seconds": {"a": 60.0, "b": 65.0}}
    assert follow(steps).state() == "starting, then a, b  0:00, some 2:05 left"
    assert follow(steps, {"step": "a"}, {"step": ""}).state() == ""
    assert follow(steps, {"levelno": logging.ERROR}).state() == ""


def test_a_sweep_says_how_many_jobs_are_done_and_what_the_others_do():
    progress = follow({"step": "jobs"}, {"part": (2, 4), "now": "m33/F770W tweakreg"})
    assert progress.state().startswith("jobs 2 of 4: m33/F770W tweakreg  0:00")


def test_the_clock_runs_while_nothing_is_logged(monkeypatch):
    monkeypatch.setattr("app.runtime.progress._REDRAW", 0.01)
    screen = Screen(is_terminal=True)
    terminal = Terminal(screen)
    terminal.emit(logging.makeLogRecord({"step": "resample", "msg": "resample", "levelno": logging.INFO}))
    before = screen.getvalue().count("resample")
    wait_until(lambda: screen.getvalue().count("resample") >= before + 3)
    terminal.close()
