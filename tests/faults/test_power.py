"""What a loss of power can take: a name that is there belongs to a file that is whole."""

import pytest

from app.simulation import simulate_observation
from tests.faults.command import arguments
from tests.faults.strace import calls

pytestmark = pytest.mark.faults


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
