"""What is kept is not made again; what is spoiled, or belongs to something else, is."""

import os
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

import app.runtime.left_file
from app.runtime.checkpoints import is_keeping, keeping, kept, scope
from app.runtime.left_file import LeftFile
from app.runtime.pool import run_all

PROCS = pytest.mark.parametrize("procs", [1, 2])


@pytest.fixture
def calls(tmp_path):
    """A function that says which items it was called with since it was asked last, whatever process did it."""
    log = tmp_path / "calls"

    def calls():
        called = sorted(map(int, log.read_text().split())) if log.exists() else []
        log.unlink(missing_ok=True)
        return called

    return calls


def square(folder, number):
    """The square of a number, which is noted."""
    with (folder / "calls").open("a") as file:
        file.write(f"{number}\n")
    return number**2


def write(folder, number):
    """A file of a number."""
    square(folder, number)
    path = folder / f"{number}.txt"
    path.write_text("x" * number)
    return LeftFile(path)


def fail_at(folder, limit, number):
    """The square of a number below a limit."""
    if number >= limit:
        raise ValueError(number)
    return square(folder, number)


def start(folder, function, items, procs=1, name="squares"):
    """What one start of a run makes of items."""
    with keeping(folder / "kept"), scope(name):
        return list(run_all(partial(function, folder), items, procs))


def the_file(folder):
    (path,) = (folder / "kept").iterdir()
    return path


@PROCS
def test_what_was_finished_is_not_made_again(tmp_path, calls, procs):
    with pytest.raises(ValueError, match="3"), keeping(tmp_path / "kept"), scope("squares"):
        list(run_all(partial(fail_at, tmp_path, 3), range(6), procs))
    assert calls() == [0, 1, 2]
    with keeping(tmp_path / "kept"), scope("squares"):
        assert list(run_all(partial(fail_at, tmp_path, 9), range(6), procs)) == [0, 1, 4, 9, 16, 25]
    assert calls() == [3, 4, 5]


def test_nothing_is_kept_without_a_folder_or_a_name(tmp_path, calls):
    assert not is_keeping()
    assert list(run_all(partial(square, tmp_path), [2], 1)) == [4]
    with keeping(tmp_path / "kept"):
        assert list(run_all(partial(square, tmp_path), [2], 1)) == [4]
        assert is_keeping()
    assert calls() == [2, 2]
    assert not list((tmp_path / "kept").iterdir())


def test_each_use_of_a_function_and_each_name_has_results_of_its_own(tmp_path, calls):
    for _ in range(2):
        with keeping(tmp_path / "kept"), scope("squares"):
            assert [list(run_all(partial(square, tmp_path), [n], 1)) for n in (1, 2)] == [[1], [4]]
        start(tmp_path, square, [3], name="others")
    assert calls() == [1, 2, 3]


def test_a_result_for_another_item_is_not_believed(tmp_path, calls):
    start(tmp_path, square, [1, 2])
    assert start(tmp_path, square, [1, 3]) == [1, 9]
    assert calls() == [1, 2, 3]


@PROCS
@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_text("xy"), lambda path: path.write_text("x")])
def test_a_file_that_is_gone_or_changed_is_made_again(tmp_path, calls, procs, spoil):
    (file, other) = start(tmp_path, write, [2, 3], procs)
    calls()
    time.sleep(0.02)  # the times of files go on in steps
    spoil(file.path)
    assert start(tmp_path, write, [2, 3], procs) == [file, other]
    assert calls() == [2]
    assert file.path.read_text() == "xx"


@pytest.mark.parametrize(
    ("happened", "asked"),
    [("nothing", 0), ("written", 1), ("made to look old", 1), ("started anew", 2), ("unknown", 2)],
)
def test_checksums_are_asked_where_somebody_may_have_written(tmp_path, calls, monkeypatch, happened, asked):
    (file, _) = start(tmp_path, write, [2, 3])
    calls()
    time.sleep(0.02)
    before = file.path.stat()
    if happened in ("written", "made to look old"):
        file.path.write_text("xx")
    if happened == "made to look old":
        os.utime(file.path, ns=(before.st_atime_ns, before.st_mtime_ns))
    if happened in ("started anew", "unknown"):
        monkeypatch.setattr(app.runtime.left_file, "_boot", lambda: "another" if happened == "started anew" else None)
    sums, checksum = [], LeftFile.checksum
    monkeypatch.setattr(LeftFile, "checksum", lambda file: sums.append(file) or checksum(file))
    start(tmp_path, write, [2, 3])
    assert calls() == []
    assert len(sums) == asked


SPOILED = {
    "cut off within a result": lambda content: content[:-3],
    "cut off within a head": lambda content: content + content[:7],
    "a bit has changed": lambda content: content[:-3] + bytes([content[-3] ^ 1]) + content[-2:],
    "zeros at the end, after a loss of power": lambda content: content[:-30] + bytes(30),
    "a length beyond the end": lambda content: content + b"\xff" * 40,
    "something else": lambda _: b"<html>",
    "empty": lambda _: b"",
}


@pytest.mark.parametrize("how", SPOILED)
def test_what_is_spoiled_is_made_again_with_a_word_in_the_log(tmp_path, calls, caplog, how):
    start(tmp_path, square, range(4))
    path = the_file(tmp_path)
    path.write_bytes(SPOILED[how](path.read_bytes()))
    calls()
    assert start(tmp_path, square, range(4)) == [0, 1, 4, 9]
    again = calls()
    assert again == {"something else": [0, 1, 2, 3], "empty": [0, 1, 2, 3], "a length beyond the end": []}.get(
        how, [] if how == "cut off within a head" else [3]
    )
    said = [record.message for record in caplog.records if str(path) in record.message]
    assert len(said) == (how != "empty")
    assert start(tmp_path, square, range(5)) == [0, 1, 4, 9, 16]
    assert calls() == [4]


@dataclass
class Gone:
    """A class that the next version does not have."""

    number: int


def test_a_result_of_a_class_that_is_gone_is_made_again_with_a_word_in_the_log(tmp_path, caplog, monkeypatch):
    with keeping(tmp_path / "kept"), scope("work"):
        kept("answer", lambda: Gone(5))
    monkeypatch.delattr(f"{__name__}.Gone")
    with keeping(tmp_path / "kept"), scope("work"):
        assert kept("answer", lambda: 42) == 42
    assert "answer cannot be read (AttributeError)" in caplog.text


def test_work_that_is_kept_as_a_whole_drops_what_was_kept_on_the_way(tmp_path, calls):
    def total():
        return sum(run_all(partial(square, tmp_path), [1, 2], 1))

    for _ in range(2):
        with keeping(tmp_path / "kept"), scope("work"):
            assert kept("total", total) == 5
    assert calls() == [1, 2]
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["work-total.0"]


def test_none_is_not_kept(tmp_path, calls):
    for _ in range(2):
        with keeping(tmp_path / "kept"), scope("work"):
            assert kept("nothing", lambda: square(tmp_path, 3) and None) is None
    assert calls() == [3, 3]


def test_work_as_a_whole_is_done_again_where_its_file_is_gone(tmp_path, calls):
    for _ in range(2):
        with keeping(tmp_path / "kept"), scope("work"):
            kept("file", partial(write, tmp_path, 4)).path.unlink()
    assert calls() == [4, 4]


def test_nothing_is_read_that_belongs_to_somebody_else(tmp_path, calls, monkeypatch, caplog):
    start(tmp_path, square, [1])
    monkeypatch.setattr("os.geteuid", lambda: 12345)
    start(tmp_path, square, [1])
    assert calls() == [1, 1]
    assert "belongs to another user" in caplog.text
