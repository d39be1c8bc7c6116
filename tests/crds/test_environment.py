"""The CRDS environment is the config's, whatever the shell says."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.crds.environment import CONTEXT, SERVER_URL, SERVERLESS_URL, SYNTHETIC_CONTEXT, CrdsOptions, environment
from app.runtime.errors import CrdsError

SYNTHETIC = CrdsOptions(mode="synthetic", context=SYNTHETIC_CONTEXT)


def run(code: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run code in a new process with only these CRDS variables."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("CRDS_", "STPIPE_"))}
    return subprocess.run(
        [sys.executable, "-c", code], env={**clean, **environ}, capture_output=True, text=True, check=False
    )


def test_pinned_is_readonly_and_serverless(tmp_path):
    variables = environment(CrdsOptions(), {"CRDS_PATH": str(tmp_path), "CRDS_SERVER_URL": SERVER_URL})
    assert variables["CRDS_PATH"] == str(tmp_path)
    assert variables["CRDS_CONTEXT"] == "jwst_1584.pmap"
    assert variables["CRDS_SERVER_URL"] == SERVERLESS_URL
    assert variables["CRDS_READONLY_CACHE"] == "1"


@pytest.mark.parametrize(
    ("before", "url"), [({}, SERVER_URL), ({"CRDS_SERVER_URL": "https://mirror"}, "https://mirror")]
)
def test_server_may_write_and_keeps_the_context(tmp_path, before, url):
    variables = environment(CrdsOptions(mode="server", path=str(tmp_path)), before)
    assert variables["CRDS_READONLY_CACHE"] == "0"
    assert variables["CRDS_SERVER_URL"] == url
    assert variables["CRDS_CONTEXT"] == CONTEXT


@pytest.mark.parametrize(
    ("mode", "context"),
    [
        ("pinned", "jwst-latest"),
        ("pinned", "latest"),
        ("server", "jwst-2026-01-01T00:00:00"),
        ("pinned", "jwst_miri_0042.imap"),
        ("pinned", ""),
        ("pinned", SYNTHETIC_CONTEXT),
        ("server", SYNTHETIC_CONTEXT),
        ("synthetic", CONTEXT),
    ],
)
def test_context_that_is_no_pin_is_refused(tmp_path, mode, context):
    with pytest.raises(CrdsError, match=rf"crds\.context={context}"):
        environment(CrdsOptions(mode=mode, context=context, path=str(tmp_path)), {})


def test_all_problems_at_once(tmp_path):
    with pytest.raises(CrdsError) as error:
        environment(CrdsOptions(mode="pinned", context="latest", path=str(tmp_path / "none")), {})
    assert len(error.value.problems) == 2
    with pytest.raises(CrdsError, match=r"set crds\.path or the environment variable CRDS_PATH"):
        environment(CrdsOptions(), {})
    with pytest.raises(CrdsError, match=r"crds\.mode=offline: allowed are"):
        environment(CrdsOptions(mode="offline", path=str(tmp_path)), {})


def test_a_cache_that_may_grow_is_made_where_it_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    server = CrdsOptions(mode="server", context=CONTEXT)
    assert environment(server, {})["CRDS_PATH"] == str(tmp_path / "crds_cache")
    assert environment(server, {"CRDS_PATH": "/data/crds"})["CRDS_PATH"] == "/data/crds"
    with pytest.raises(CrdsError, match="is not a folder"):
        environment(CrdsOptions(path=str(tmp_path / "crds_cache")), {})
    (tmp_path / "file").touch()
    with pytest.raises(CrdsError, match="is not a folder"):
        environment(CrdsOptions(mode="server", path=str(tmp_path / "file")), {})


CODE = """
import json, os
from app.crds import CrdsOptions, set_environment
set_environment(CrdsOptions(mode="synthetic", context="jwst_synthetic_0001.pmap"))
print(json.dumps({k: v for k, v in os.environ.items() if k.startswith(("CRDS_", "STPIPE_"))}))
import crds
from crds.core import config
print(crds.get_context_name("jwst"), config.get_crds_mappath("jwst"), config.get_cache_readonly())
"""


def test_nothing_of_the_shell_leaks_in(crds_cache: Path, tmp_path: Path):
    (tmp_path / ".crds.ini").write_text("[authentication]\nCRDS_USERNAME = someone\n")  # and readable for all
    result = run(
        CODE,
        {
            "CRDS_PATH": str(crds_cache), "CRDS_MAPPATH": "/elsewhere", "CRDS_CFGPATH_SINGLE": "/elsewhere",
            "CRDS_CONTEXT": "jwst_0042.pmap", "CRDS_MODE": "remote", "CRDS_IGNORE_MAPPING_CHECKSUM": "1",
            "STPIPE_DISABLE_CRDS_STEPPARS": "true", "HOME": str(tmp_path),
        },
    )  # fmt: skip
    variables, found = result.stdout.splitlines()
    assert json.loads(variables) == environment(SYNTHETIC, {"CRDS_PATH": str(crds_cache)})
    assert found == f"{SYNTHETIC_CONTEXT} {crds_cache}/mappings/jwst True"
    for replaced in ("jwst_0042.pmap", "CRDS_MAPPATH", "STPIPE_DISABLE_CRDS_STEPPARS"):
        assert replaced in result.stderr
    assert "crds.ini" not in result.stderr


def test_crds_imported_too_early_is_an_error(crds_cache: Path):
    environ = {"CRDS_PATH": str(crds_cache)}
    assert "crds was imported before its environment was set" in run("import crds" + CODE, environ).stderr
    twice = run(CODE + CODE, environ)
    assert twice.returncode == 0, twice.stderr


def test_a_run_loads_neither_jwst_nor_crds_before_its_environment_is_set():
    result = run("import sys, app, app.run.step; app.Lv3Step; print({'crds', 'jwst'} & sys.modules.keys())", {})
    assert result.stdout.strip() == "set()", result.stderr
