"""docs/outputs.md lists every caveat and every exit status that there is, and no other."""

import ast
import re
from pathlib import Path

from app.assess.findings import FINDINGS
from app.runtime.errors import ExitCode

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/outputs.md").read_text()


def codes_in_source():
    """First arguments of all calls that make a caveat."""
    found = {finding.code for finding in FINDINGS}
    for path in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            name = isinstance(node, ast.Call) and (getattr(node.func, "id", "") or getattr(node.func, "attr", ""))
            place = {"Caveat": 0, "_harmless": 1, "warn": 0}.get(name)
            if place is not None and isinstance(code := node.args[place], ast.Constant):
                found.add(code.value)
    return found


def test_every_caveat_is_explained():
    section = PAGE.partition("## Caveats")[2].partition("## Exit status")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == codes_in_source()


def test_every_exit_status_is_explained():
    rows = re.findall(r"^\| (\d+) \| (\w+) \|", PAGE, re.MULTILINE)
    assert {name: int(status) for status, name in rows} == {code.name: code.value for code in ExitCode}
