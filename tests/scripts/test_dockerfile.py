"""The stage of the Dockerfile that makes the reference cache has every module that this imports."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOADED = (
    "import sys, app.crds.cache.fill, app.crds.cache.synthetic;"
    "print(*(m.__file__ for name, m in sys.modules.items() if name.partition('.')[0] == 'app'))"
)


def test_the_stage_of_the_reference_cache_has_what_it_imports():
    (listed,) = re.findall(r"cp -r --parents ((?:.|\n)*?) \.\./crds", (ROOT / "Dockerfile").read_text())
    copied = [ROOT / name for name in listed.replace("\\", " ").split()]
    loaded = subprocess.run([sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [file for file in map(Path, loaded.split()) if not any(file.is_relative_to(path) for path in copied)] == []
