"""crds=server: what the cache lacks is downloaded before the run; what it has is compared with the server's sums."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.crds.conftest import APCORR, CONTEXT
from tests.crds.server import CrdsServer
from tests.crds.test_resolve import MIRI

CODE = """
import sys
from app.crds import CrdsOptions, resolve, set_environment
from app.crds.cache import download
from app.runtime.logs import configure_logging
download.PAUSES = (0.1,)
configure_logging()
set_environment(CrdsOptions(mode="server", context=sys.argv[1], path=sys.argv[2]))
print(len(resolve(eval(sys.argv[3])).sha256))
"""


def resolve_from(server: CrdsServer, cache: Path) -> subprocess.CompletedProcess[str]:
    """Resolve in mode ``server``, in a process of its own."""
    environ = {key: value for key, value in os.environ.items() if "proxy" not in key.lower() and "CRDS" not in key}
    root = str(Path(__file__).parents[2])
    return subprocess.run(
        [sys.executable, "-c", CODE, CONTEXT, str(cache), repr(MIRI)],
        env={**environ, "CRDS_SERVER_URL": server.url, "PYTHONPATH": root},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_downloads_what_is_missing_or_spoiled_and_no_more(server: CrdsServer, tmp_path: Path):
    own = tmp_path / "own"  # which is made
    first = resolve_from(server, own)
    assert (first.returncode, first.stdout) == (0, "6\n"), first.stderr
    assert re.search(rf"downloading 22 CRDS files, \d+\.\d MB, into {own}\n", first.stderr)
    assert "downloading 6 CRDS files" in first.stderr
    assert sum(name.endswith("map") for name in server.requests) == 22
    assert sum(not name.endswith("map") for name in server.requests) == 6
    server.requests.clear()
    (own / "references/jwst/miri" / APCORR).write_bytes(b"spoiled")
    assert resolve_from(server, own).returncode == 0
    assert server.requests == {APCORR: 1}


def test_wrong_file_is_an_error_and_does_not_stay(server: CrdsServer, tmp_path: Path):
    (own := tmp_path / "own").mkdir()
    server.faults = {APCORR: ["corrupt"] * 9}
    result = resolve_from(server, own)
    assert result.returncode == 1
    assert f"CrdsError: Download from the CRDS server failed 2 times: {APCORR}" in result.stderr
    assert not list(own.rglob(APCORR))
