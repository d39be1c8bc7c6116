"""What a loss of power can take: a name that is there belongs to a file that is whole."""

import hashlib
import json

import pytest

from app.simulation import simulate_observation
from tests.faults.command import arguments
from tests.faults.disk_model import CALLS, Disk
from tests.faults.forked import traced
from tests.faults.strace import calls

pytestmark = pytest.mark.faults

#: Runs after a loss of power.
RUNS = 6


def test_each_product_is_synced_before_it_has_its_name_and_its_folder_after(crds, tmp_path):
    truth = simulate_observation(tmp_path / "in", n_dithers=2, window=(128, 128))
    out = tmp_path / "out"
    command = arguments(truth, out, crds, "procs=1", "do_drizzle=true", "do_blot=true")
    seen = calls(command, "fsync,rename,renameat,renameat2", tmp_path / "calls")
    named = set()
    for before, (call, paths), after in zip(seen, seen[1:], seen[2:], strict=False):
        if call.startswith("rename") and paths[-1].parent == out:
            assert before == ("fsync", paths[:1])
            assert after == ("fsync", [out])
            named.add(paths[-1].name)
    products = {path.name for path in out.iterdir() if path.suffix in (".fits", ".ecsv", ".json", ".html")}
    assert named == products


@pytest.fixture(scope="module")
def disks(tiny, tmp_path_factory):
    """The log of a run, and what its folder held at the end."""
    folder = tmp_path_factory.mktemp("power")
    options = ["-x", "-s", str(1 << 26), "-e", f"trace={CALLS}"]
    status, said, lines = traced(folder, tiny.work, *options)
    assert status == 0, said
    content = {path.name: path.read_bytes() for path in tiny.out.iterdir() if path.is_file()}
    tiny.check_finished()
    return lines, content


def check_state(state):
    """The record is whole, and each product is the one that it speaks of."""
    assert "lv3_run.json" in state or not any(map(is_product, state))
    if "lv3_run.json" in state:
        listed = {entry["file"]: entry["sha256"] for entry in json.loads(state["lv3_run.json"])["products"]}
        for name in filter(is_product, state):
            assert hashlib.sha256(state[name]).hexdigest() == listed[name], name


def is_product(name):
    return "/" not in name and not name.startswith((".", "lv3_run."))


def replayed(folder, lines):
    """What is on the disk whenever the power is lost, each time that it may have changed; and the disk at the end."""
    disk = Disk(folder)
    states = [state for line in lines if disk.take(line) for state in disk.states()]
    return states, disk


def test_whenever_power_is_lost_record_and_products_are_whole(tiny, disks):
    lines, content = disks
    states, disk = replayed(tiny.out, lines)
    assert {name: bytes(disk.files[name].content) for name in content} == content, "the model has missed a write"
    for state in states:
        check_state(state)
    assert len(states) > 100
    for end in disk.states():  # the last word, and the lock may still be there
        assert all(end[name] == content[name] for name in filter(is_product, content))
        assert json.loads(end["lv3_run.json"])["state"].startswith("success")


@pytest.mark.parametrize("what", ["mirimage_crf.fits>)", "tmp-lv3_run.json"])
def test_a_sync_that_is_missing_would_be_seen(tiny, disks, what):
    states, _ = replayed(tiny.out, [line for line in disks[0] if not (line.startswith("fsync(") and what in line)])
    with pytest.raises((AssertionError, ValueError)):
        list(map(check_state, states))


def test_the_same_command_goes_on_after_a_loss_of_power(tiny, disks):
    states, _ = replayed(tiny.out, disks[0])
    for state in states[20 :: len(states) // RUNS]:
        for name, content in state.items():
            (tiny.out / name).parent.mkdir(parents=True, exist_ok=True)
            (tiny.out / name).write_bytes(content)
        tiny.finish()
