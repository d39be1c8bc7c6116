"""The page on the architecture is true: it names every package and every module, and no others."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `app/(\w+)` \|[^|]*\|([^|]*)\|$", re.MULTILINE)


def _on_the_page() -> dict[str, set[str]]:
    page = (ROOT / "docs/architecture.md").read_text()
    return {package: set(re.findall(r"`([\w/]+)`", modules)) for package, modules in ROW.findall(page)}


def _in_the_tree() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path in (ROOT / "app").rglob("*.py"):
        package, *rest = path.relative_to(ROOT / "app").with_suffix("").parts
        if rest and rest[-1] != "__init__":
            found.setdefault(package, set()).add("/".join(rest))
    return found


def test_every_module_stands_on_the_page():
    assert _on_the_page() == _in_the_tree()


def test_few_entries_at_the_root_and_each_package_says_what_lives_there():
    entries = [
        path for path in (ROOT / "app").iterdir() if path.name not in {"__init__.py", "__main__.py", "__pycache__"}
    ]
    assert len(entries) <= 14
    assert all((path / "__init__.py").read_text().startswith('"""') for path in entries)
