"""Files that get their names when they are whole, and keep them when the power goes."""

import errno
import os
from pathlib import Path

from app.runtime import files
from app.runtime.files import publish, settle, sha256, write_text


def test_what_is_there_is_replaced_whole(tmp_path):
    write_text(tmp_path / "a", "one")
    write_text(tmp_path / "a", "two")
    assert (tmp_path / "a").read_text() == "two"
    assert os.listdir(tmp_path) == ["a"]  # noqa: PTH208


def test_to_another_file_system_it_is_copied(tmp_path, monkeypatch):
    def settle_here(path, place):
        if path.parent != place.parent:
            raise OSError(errno.EXDEV, "another file system")
        return settle(path, place)

    monkeypatch.setattr(files, "settle", settle_here)
    (tmp_path / "work").mkdir()
    path = write_text(tmp_path / "work" / "a", "text")
    checksum = sha256(path)
    assert sha256(publish(path, tmp_path)) == checksum
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a", "work"]


def test_a_folder_that_cannot_be_synced_is_no_trouble(tmp_path, monkeypatch):
    sync = os.fsync

    def fsync(descriptor):
        if Path(f"/proc/self/fd/{descriptor}").is_dir():
            raise OSError(errno.EINVAL, "no such thing here")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    assert write_text(tmp_path / "a", "text").read_text() == "text"
