"""What the checks keep between runs: made whole or not at all, looked at before it is used; programs stood in for."""

import os
import subprocess
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WHOLE = ("./usr/bin/dash", "./usr/bin/python")


@pytest.fixture
def stub(tmp_path, monkeypatch):
    """Put a shell script on PATH, before all that is there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    def stub(name, script):
        (folder / name).write_text(f"#!/bin/bash\n{script}\n")
        (folder / name).chmod(0o755)

    for name in ("apt-get", "pyenv", "python3.12"):
        stub(name, "true")
    return stub


def make_tar(path, names):
    with tarfile.open(path, "w") as tar:
        for name in names:
            tar.addfile(tarfile.TarInfo(name))
    return path


@pytest.fixture
def base_image(stub, tmp_path):
    """Make the base image where mmdebstrap makes `names`, whole or cut off, and ends with `status`."""

    def base_image(names=WHOLE, status=0, size=None):
        made = make_tar(tmp_path / "made.tar", names)
        os.truncate(made, size if size is not None else made.stat().st_size)
        stub("mmdebstrap", f'echo made >> {tmp_path}/log; cp {made} "${{@: -2:1}}"; exit {status}')
        return subprocess.run(
            [ROOT / "scripts/ci/base-image.sh", tmp_path / "base.tar"], capture_output=True, text=True, check=False
        )

    return base_image


@pytest.mark.parametrize("failure", [{"status": 25, "size": 0}, {"names": WHOLE[:1]}, {"size": 700}])
def test_a_base_image_appears_whole_or_not_at_all(base_image, tmp_path, failure):
    assert base_image(**failure).returncode != 0
    assert [path.name for path in tmp_path.glob("base*")] == []
    result = base_image()
    assert result.returncode == 0, result.stderr
    assert [path.name for path in tmp_path.glob("base*")] == ["base.tar"]


def test_a_base_image_that_is_not_whole_is_made_again(base_image, tmp_path):
    base = tmp_path / "base.tar"
    base.touch()  # what a failure left
    assert base_image().returncode == 0
    assert base_image().returncode == 0
    assert (tmp_path / "log").read_text() == "made\n"  # once: the second time it was there
    with base.open("r+b") as file:
        file.truncate(700)
    assert base_image().returncode == 0
    assert (tmp_path / "log").read_text() == "made\nmade\n"


def test_the_checks_begin_with_nothing_and_each_says_how_it_ended(stub, tmp_path):
    script = f'ls -A "$LV3_CI" >> {tmp_path}/found; touch "$LV3_CI/$1"; echo "$LV3_CI" >> {tmp_path}/log'
    stub("make", script + "; [ $1 != lint ]")
    results = [subprocess.run([ROOT / ".ci/run"], capture_output=True, text=True, check=False) for _ in range(2)]
    stages = ["system packages", "environment", "lint", "site", "test", "wheel", "faults"]
    stages += ["docker image", "apptainer image", "slurm"]
    for result in results:
        assert result.returncode == 1
        summary = result.stdout.rpartition("\n\n")[2].splitlines()
        assert [line[:16].strip() for line in summary] == stages
        assert [line[17:].split(",")[0] for line in summary] == ["passed"] * 2 + ["FAILED"] + ["passed"] * 7
    folders = (tmp_path / "log").read_text().split()
    assert len(set(folders)) == 2
    assert not any(Path(folder).exists() for folder in folders)
    assert (tmp_path / "found").read_text().count("dev\n") == 2 * 8  # what one stage made the next ones found
