"""A disk that fills up, may not be written to, or goes away: said with the path, and nothing partial is left."""

import resource
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from app.pipeline.box import Box
from app.pipeline.divided.outliers import _ready_median, _Tile
from app.plan.checks.disk import check
from app.plan.cost import estimate
from app.runtime.checkpoints import Kept
from app.simulation import simulate_observation
from tests.faults.command import TIMEOUT, arguments, record, run, start, wait_for_step, without_rights
from tests.runs import make_step


@pytest.fixture(scope="module")
def truth():
    """Exposures that other users may read."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield simulate_observation(Path(folder, "exposures"), n_dithers=2, window=(128, 128))


@pytest.fixture
def place():
    """A folder that other users may enter."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def mount(place):
    """A function that mounts something at a folder, where this machine lets tests do so."""
    mounted = []

    def do(*words):
        folder = place / "mounted"
        folder.mkdir(exist_ok=True)
        if subprocess.run(["mount", *words, str(folder)], check=False, capture_output=True).returncode:
            pytest.skip("this machine lets nobody mount")
        mounted.append(folder)
        return folder

    yield do
    for folder in reversed(mounted):
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder):
    """Use up what is free; unbuffered, for what a buffer still holds is written once more when it is closed."""
    with (folder / "filler").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(1 << 16))


def left(folder):
    """Names in a folder, but for the record, the log, the report, the association, and what the same command needs."""
    others = ("lv3_run.", "lv3_report.", "asn_", ".jwst-lv3-work")
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith(others))


@pytest.mark.parametrize("step", ["tweakreg", "outlier_detection"])
def test_a_disk_that_fills_up(truth, crds, mount, step):
    folder = mount("-t", "tmpfs", "-o", "size=64M", "tmpfs")
    out = folder / "out"
    process = start(arguments(truth, out, crds))
    wait_for_step(process, out, step)
    fill(folder)
    said, _ = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 20, said
    assert f"out_dir={out}: cannot be written to: the disk is full" in said
    assert "are free" in said
    assert "Traceback" not in said
    assert record(out)["state"] == "failed"
    assert left(out) == []
    assert f"GB in {out / '.jwst-lv3-work'}" in said
    (folder / "filler").unlink()
    assert run(arguments(truth, out, crds))[0] == 0


def test_a_median_that_finds_no_room_is_an_error_and_no_crash(mount):
    folder = mount("-t", "tmpfs", "-o", "size=1M", "tmpfs")
    with pytest.raises(OSError, match="No space left"):
        _ready_median(folder / "median.npy", (1024, 1024))
    (folder / "median.npy").unlink()
    path = _ready_median(folder / "median.npy", (200, 200))
    assert path.stat().st_blocks * 512 >= 4 * 200 * 200
    assert not np.load(path).any()


def test_a_median_that_lost_its_content_with_the_power_is_made_again(tmp_path):
    path = tmp_path / "median.npy"
    path.touch()
    assert not Kept(_Tile(path, Box(0, 3, 0, 3)), 0, None).is_whole()
    assert np.load(_ready_median(path, (3, 3))).shape == (3, 3)


def test_a_disk_that_is_too_small_is_refused_before(truth, crds, mount):
    folder = mount("-t", "tmpfs", "-o", "size=300k", "tmpfs")
    status, said = run(arguments(truth, folder / "out", crds))
    assert status == 20, said
    assert "GB are needed, and 0.000 GB are free" in said
    assert list(folder.iterdir()) == []


def test_with_work_on_another_disk_each_needs_room_for_its_own(truth, crds, mount, place):
    def look(out, **more):
        plan = make_step(truth, out, crds, mosaic_pixel_scale=0.0275, do_drizzle=True, **more).plan
        cost = estimate(plan, plan.parameters)
        return cost, [problem for error in check(plan, cost) for problem in error.problems]

    cost, problems = look(place / "anywhere")
    assert problems == []
    assert cost.disk_products < cost.disk
    small = mount("-t", "tmpfs", "-o", f"size={(cost.disk_products + cost.disk) // 2}", "tmpfs") / "out"
    (problem,) = look(small)[1]
    assert f"out_dir={small}" in problem
    assert "are needed" in problem
    assert look(small, work_dir=str(place / "work"))[1] == []
    (problem,) = look(place / "out", work_dir=str(small))[1]
    assert f"work_dir={small}" in problem


def test_a_limit_on_the_size_of_files(crds, place):
    truth = simulate_observation(place / "in", n_dithers=2, window=(256, 256))

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    status, said = run(arguments(truth, place / "out", crds, "procs=1"), preexec_fn=limit)
    assert status == 20, said
    assert "a limit on the size of files" in said or "larger than the system allows" in said
    assert left(place / "out") == []


def test_a_read_only_mount_is_refused_before(truth, crds, mount, place):
    folder = mount("--bind", str(place))
    subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
    status, said = run(arguments(truth, folder / "out", crds))
    assert status == 20, said
    assert f"out_dir={folder / 'out'}: cannot be written to: it is mounted read-only (at {folder})" in said


def test_permission_denied_is_refused_before(truth, crds, place):
    place.chmod(0o555)
    status, said = run(without_rights(arguments(truth, place / "out", crds)))
    place.chmod(0o755)
    assert status == 20, said
    assert f"out_dir={place / 'out'}: cannot be written to: permission is denied (at {place})" in said
    assert not (place / "out").exists()


def test_out_dir_is_removed_at_work(truth, crds, place):
    out = place / "out"
    process = start(arguments(truth, out, crds))
    wait_for_step(process, out, "tweakreg")
    out.rename(place / "aside")
    shutil.rmtree(place / "aside")
    said, _ = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 20, said
    assert f"out_dir={out}" in said
    assert "removed" in said
    assert "Traceback" not in said
