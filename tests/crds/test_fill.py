"""Filling a cache from a server that fails in the ways that servers do, with the real crds client."""

import os
import subprocess
import sys
from pathlib import Path

from app.crds.manifest import check_manifest, read_manifest, write_manifest
from tests.crds.conftest import APCORR, CONTEXT, SPECTRAL
from tests.crds.server import CrdsServer

SCRIPT = Path(__file__).parents[2] / "scripts/crds_cache.py"
# As the script, but it does not wait for a server that it knows will not come back.
IMPATIENT = (
    "import runpy, sys; from app.crds.cache import download; download.PAUSES = (0.1, 0.1); sys.argv = sys.argv[1:]; "
)
IMPATIENT += "runpy.run_path(sys.argv[0], run_name='__main__')"


def script(command: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run scripts/crds_cache.py in a process of its own."""
    root = str(SCRIPT.parents[1])
    environ = {key: value for key, value in os.environ.items() if "proxy" not in key.lower() and "CRDS" not in key}
    return subprocess.run(
        [sys.executable, "-c", IMPATIENT, str(SCRIPT), command, str(folder), *options],
        env={**environ, "PYTHONPATH": root}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def fill(folder: Path, server: CrdsServer, *options: str) -> subprocess.CompletedProcess[str]:
    """Fill from the server on loopback."""
    return script("fill", folder, "--server", server.url, "--context", CONTEXT, *options)


def test_fill_gets_what_imaging_needs_through_passing_trouble(server: CrdsServer, tmp_path: Path):
    server.faults = {
        "get_mapping_names": ["error"],
        CONTEXT: ["missing"],
        "jwst_nircam_9001.imap": ["error"],
        APCORR: ["corrupt", "cut"],
    }
    filled = tmp_path / "filled"
    result = fill(filled, server)
    assert result.returncode == 0, result.stderr
    assert "jwst_9001.pmap; 22 rules, 18 references" in result.stdout
    check_manifest(filled)
    assert not list(filled.rglob(SPECTRAL))
    assert not list(filled.rglob("*.lock"))
    assert not (tmp_path / "filled.partial").exists()
    for name, content in server.files.items():
        assert name == SPECTRAL or next(filled.rglob(name)).read_bytes() == content
    assert script("verify", filled).stdout.strip().endswith("43 files, each as in the manifest")
    asked = server.requests.total()
    assert fill(filled, server).returncode == 0
    assert server.requests.total() == asked
    assert "miri     apcorr                          1" in script("list", filled).stdout


def test_lasting_trouble_is_named_and_the_next_fill_goes_on(server: CrdsServer, tmp_path: Path):
    pars = "jwst_niriss_pars-resamplestep_9001.asdf"
    offset = "jwst_nircam_abvegaoffset_9001.asdf"
    server.faults = {APCORR: ["cut"] * 9, pars: ["corrupt"] * 9, offset: ["missing"] * 9}
    filled = tmp_path / "filled"
    result = fill(filled, server)
    assert result.returncode == 21
    assert all(name in result.stderr.split("error: Download")[1] for name in (APCORR, pars, offset))
    assert "Traceback" not in result.stderr
    assert not filled.exists()
    whole = {path.name: path.read_bytes() for path in (tmp_path / "filled.partial/references").rglob("*.*")}
    assert len(whole) == 15
    assert all(server.files[name] == content for name, content in whole.items())

    server.faults.clear()
    server.requests.clear()
    assert fill(filled, server).returncode == 0
    assert set(server.requests) == {APCORR, pars, offset}
    assert len(read_manifest(filled)) == 43


def test_file_that_the_server_does_not_know(server: CrdsServer, tmp_path: Path):
    del server.files[APCORR]
    result = fill(tmp_path / "filled", server)
    assert result.returncode == 21
    assert f"The CRDS server does not know these files of {CONTEXT}: {APCORR}" in result.stderr


def test_one_exposure_type(server: CrdsServer, tmp_path: Path):
    server.bad_files = [APCORR, "jwst_nircam_apcorr_9001.fits"]
    filled = tmp_path / "filled"
    assert fill(filled, server, "--exp-type", "NRC_IMAGE").returncode == 0
    references = {path.name for path in (filled / "references").rglob("*.*")}
    assert len(references) == 6
    assert all(name.startswith("jwst_nircam") for name in references)
    assert (filled / "config/jwst/bad_files.txt").read_text() == "jwst_nircam_apcorr_9001.fits"
    more = fill(filled, server)
    assert more.returncode == 21
    assert f"{filled} lacks 12 references for MIR_IMAGE, NRC_IMAGE, NIS_IMAGE" in more.stderr


def test_no_server(tmp_path: Path):
    result = script("fill", tmp_path / "filled", "--server", "http://127.0.0.1:9", "--context", CONTEXT)
    assert result.returncode == 21
    assert "Asking the CRDS server for the rules of jwst_9001.pmap failed 3 times" in result.stderr


def test_a_folder_with_something_else_in_it_is_left_alone(cache: Path):
    result = script("fill", cache, "--server", "http://127.0.0.1:9", "--context", CONTEXT)
    assert result.returncode == 21
    assert f"does not hold {CONTEXT}" in result.stderr
    check_manifest(cache)


def test_verify_names_what_changed(cache: Path):
    (cache / "config/jwst/bad_files.txt").write_text(APCORR)
    result = script("verify", cache)
    assert result.returncode == 21
    assert "changed: config/jwst/bad_files.txt" in result.stderr
    mapping = cache / "mappings/jwst/jwst_miri_9001.imap"
    mapping.write_text(mapping.read_text().replace("miri_apcorr", "nircam_apcorr"))
    write_manifest(cache)
    assert "error: jwst_miri_9001.imap: SHA-1 of its content is" in script("verify", cache).stderr
