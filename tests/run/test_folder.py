"""The output folder between runs: what stays in it, for whom."""

import errno
import os
from pathlib import Path

import pytest

from app.config.schema import Lv3Config
from app.run.folder import OutputFolder
from app.runtime.files import remove_temporary, temporary_folder


@pytest.fixture
def folder(tmp_path):
    """The output folder of a configuration."""

    def folder(**options):
        config = Lv3Config(target="n", band="F770W", in_dir="in", out_dir=str(tmp_path / "out"), **options)
        return OutputFolder(config)

    return folder


def hidden(path: Path) -> list[str]:
    return sorted(file.name for file in path.iterdir() if file.name.startswith("."))


def work(folder, owner="a run"):
    """Begin, own the work folder, and end before all is finished."""
    with folder.taken():
        folder.prepare()
        (folder.work / "pixels.npy").write_bytes(bytes(5000))
        if owner:
            folder.own(owner)
    return folder


def test_what_has_an_owner_stays_and_takes_no_more_room_than_it_has_to(folder):
    kept = work(folder()).kept()["kept"]
    assert kept["folder"] == str(folder().work)
    assert 5000 < kept["size"] < 6000
    assert folder().owner == "a run"
    with folder().taken():  # as somebody does who only looks after it
        pass
    assert (folder().work / "pixels.npy").exists()


def test_what_has_no_owner_goes(folder):
    work(folder(), owner=None)
    assert hidden(folder().path) == []
    assert folder().kept() == {}


def test_of_a_finished_run_nothing_stays(folder, tmp_path):
    for options in ({}, {"work_dir": str(tmp_path / "scratch")}):
        work(folder(**options)).tidy()
        assert hidden(folder().path) == []
        assert not folder(**options).work.exists()


def test_remains_that_cannot_be_removed_are_an_error_before_a_run_and_a_warning_after(folder, monkeypatch, caplog):
    def fail(*_, **__):
        raise OSError(errno.EIO, "Input/output error")

    left = work(folder())
    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", fail)
        with pytest.raises(OSError, match="Input/output"):
            left.clear()
        left.clear_up()
        left.make_room()
    assert "not all of it could be removed" in caplog.text
    left.tidy()
    assert hidden(left.path) == []


def test_another_place_for_work_is_another_work_folder(folder, tmp_path):
    elsewhere = {"work_dir": str(tmp_path / "scratch")}
    work(folder())
    work(folder(**elsewhere), owner="another run")
    assert folder(**elsewhere).owner == "another run"
    assert (folder().path / ".jwst-lv3-work").is_file()
    work(folder())
    assert folder().owner == "a run"
    assert hidden(folder().path) == [".jwst-lv3-work"]


def test_a_run_that_lost_its_folder_touches_nothing_there(folder):
    here = folder()
    with here.taken() as lock:
        here.prepare()
        lock.check = _lost
    assert (here.work / "products").is_dir()


def _lost():
    from app.runtime.errors import InputError

    raise InputError("somebody has taken the lock")


def test_a_report_takes_its_folder_along_unless_something_else_is_in_there(folder):
    place = folder()
    files = place.path / "lv3_report_files"
    for name, is_left in (("0_1_2.js", False), ("notes.txt", True)):
        files.mkdir(parents=True, exist_ok=True)
        (files / name).touch()
        place.remove(["x_i2d.fits"])
        assert files.exists()
        place.remove(["x_i2d.fits", "lv3_report.html"])
        assert files.exists() == is_left


def test_temporary_folders_of_a_killed_run_go(folder):
    with temporary_folder(folder().path.parent / "lv3_report_files") as files:
        (files / "0_0_0.js").touch()
    assert not files.exists()
    files.mkdir()
    remove_temporary(files.parent)
    assert not files.exists()
