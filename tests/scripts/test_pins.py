"""Versions and context are named in several files, and are the same in all."""

import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from scripts import upgrade

ROOT = Path(__file__).parents[2]
LOCKED = [
    Requirement(line.rstrip(" \\"))
    for line in (ROOT / "requirements/run.txt").read_text().splitlines()
    if re.match(r"[A-Za-z]", line)
]


def test_one_jwst():
    named = upgrade.pins(upgrade.JWST_PINS)
    assert all(named.values())
    assert {pin for found in named.values() for pin in found} == {version("jwst")}


def test_one_context():
    from app.crds import CONTEXT

    named = upgrade.pins(upgrade.CONTEXT_PINS)
    assert all(named.values())
    assert {pin for found in named.values() for pin in found} == {CONTEXT}


def test_upgrade_writes_all(tmp_path: Path):
    for name in {*upgrade.JWST_PINS, *upgrade.CONTEXT_PINS, "scripts/upgrade.py"}:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    subprocess.run([sys.executable, tmp_path / "scripts/upgrade.py", "3.9.1", "jwst_1999.pmap"], check=True)
    assert all(set(found) == {"3.9.1"} for found in upgrade.pins(upgrade.JWST_PINS, tmp_path).values())
    assert all(set(found) == {"jwst_1999.pmap"} for found in upgrade.pins(upgrade.CONTEXT_PINS, tmp_path).values())


@pytest.mark.parametrize("arguments", [[], ["3.0.1"], ["latest", "jwst_1590.pmap"], ["3.0.1", "jwst-latest"]])
def test_upgrade_refuses_what_is_no_pin(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    assert upgrade.main(arguments) == 2
    assert "make upgrade JWST=" in capsys.readouterr().err


def resolved(python: str) -> dict[str, str]:
    """What the lock installs on Linux with a version of Python."""
    environment = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux"}
    chosen = [r for r in LOCKED if r.marker is None or r.marker.evaluate(environment)]
    assert len({r.name for r in chosen}) == len(chosen)
    return {r.name: str(r.specifier) for r in chosen}


@pytest.mark.parametrize("python", ["3.12", "3.13"])
def test_lock_is_the_same_on_every_python(python: str):
    assert len(resolved("3.11")) > 60
    assert resolved(python) == resolved("3.11")
