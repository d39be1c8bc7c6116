"""Errors of input and output, told from other errors whatever hides them."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.runtime.carried import carry
from app.runtime.disk import device_error, disk_error, disk_errors, folder_size
from app.runtime.errors import InputError, OutlierError


def test_a_file_that_goes_while_a_folder_is_looked_at(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"12345")
    monkeypatch.setattr(Path, "rglob", lambda folder, _: iter([folder / "gone", folder / "a"]))
    assert folder_size(tmp_path) == 5


def hidden(number, *names):
    """An error of a step in a worker, behind which a call of the kernel has failed."""
    try:
        try:
            raise OSError(number, os.strerror(number), *names)
        except OSError as error:
            raise OutlierError(f"outlier_detection: {error}") from error
    except OutlierError as error:
        return carry(error).error()


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE])
def test_a_device_that_fails_is_said_also_where_no_file_is_named(tmp_path, number):
    found = disk_error(hidden(number), tmp_path)
    assert isinstance(found, InputError)
    assert os.strerror(number) in str(found)
    assert "does not say of which file" in str(found)


def test_a_file_that_is_named_is_said(tmp_path):
    exposure = str(tmp_path / "in/x_cal.fits")
    assert exposure in str(disk_error(hidden(errno.EIO, exposure), tmp_path / "out"))
    product = str(tmp_path / "out/x_crf.fits")
    assert "cannot be written to" in str(disk_error(hidden(errno.EIO, product), tmp_path / "out"))


def test_other_errors_are_none_of_a_device(tmp_path):
    assert device_error(hidden(errno.ENOENT)) is None
    assert disk_error(hidden(errno.EINVAL), tmp_path) is None
    with pytest.raises(OSError, match="Invalid"), disk_errors(tmp_path):
        raise OSError(errno.EINVAL, "Invalid argument")


def test_the_exit_status_says_so_outside_of_a_run():
    program = "import sys\nfrom app.runtime.exit_status import exit_status\n"
    program += "def work(): raise OSError(5, 'Input/output error')\nsys.exit(exit_status(work))"
    ended = subprocess.run([sys.executable, "-c", program], stderr=subprocess.PIPE, check=False, timeout=60)
    assert ended.returncode == 20
    assert b"input or output failed" in ended.stderr
    assert b"unexpected" not in ended.stderr


def test_a_number_in_the_words_of_a_library_counts(tmp_path):
    """astropy raises errors of its own, without a number but in the text."""
    said = OSError("Not enough space on disk: requested 72000, available 0. [Errno 28] No space left on device")
    assert "cannot be written to: the disk is full" in str(disk_error(said, tmp_path))
    assert "it takes no more" in str(disk_error(OSError("Not enough space on disk: requested 72000"), tmp_path))
