"""What leaves the image: what fits the list, but nothing that is imported; a pattern that fits nothing is an error."""

import importlib.util
from fnmatch import fnmatch
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def script():
    spec = importlib.util.spec_from_file_location("leave_out", ROOT / "scripts/image/leave_out.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_fits_goes_with_its_folder_and_what_is_needed_stays(script, tmp_path, monkeypatch):
    files = {
        "a/code.py": 10,
        "a/tests/data/x.fits": 1000,
        "a/c.c": 7,
        "b/tests/runner.py": 3,
        "b/tests/x/y.dat": 5,
    }
    for name, size in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(bytes(size))
    monkeypatch.setattr(script, "LEFT_OUT", {"*/tests/*": "", "*.[ch]": ""})
    monkeypatch.setattr(script, "NEEDED", ("b/tests/*.py",))
    assert script.leave_out(tmp_path) == {"*/tests/*": 1005, "*.[ch]": 7}
    left = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*"))
    assert left == ["a", "a/code.py", "b", "b/tests", "b/tests/runner.py"]


def test_a_pattern_that_fits_nothing_is_an_error(script, tmp_path, monkeypatch):
    monkeypatch.setattr(script, "LEFT_OUT", {"*/tests/*": "", "gone/*": ""})
    (tmp_path / "a/tests").mkdir(parents=True)
    (tmp_path / "a/tests/x").write_text("x")
    with pytest.raises(ValueError, match=r"gone/\*"):
        script.leave_out(tmp_path)


def test_no_licence_and_no_description_of_a_package_leaves(script):
    """They are told from the list of packages in the image, and by licences that ask for it."""
    kept = [str(file) for found in distributions() for file in found.files or () if ".dist-info/" in str(file)]
    assert [name for name in kept if any(fnmatch(name, pattern) for pattern in script.LEFT_OUT)] == []
