"""``action=demo``: into a new folder, or one that holds a demo; nothing else is touched."""

from pathlib import Path

import pytest

from app.cli import demo
from app.config.schema import Lv3Config
from app.runtime.errors import InputError
from app.simulation.truth import FILE_NAME


@pytest.fixture
def command(monkeypatch):
    """What the process becomes in the end."""
    became = []
    monkeypatch.setattr("os.execv", lambda program, words: became.append(words[1:]))
    return became


def config(folder: Path) -> Lv3Config:
    return Lv3Config(action="demo", out_dir=folder)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, command):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(InputError, match="something else than a demo"):
        demo.demo(config(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    assert command == []


def test_the_name_is_that_of_the_simulation():
    assert demo.TRUTH == FILE_NAME


def test_a_demo_that_is_there_is_gone_on_with(tmp_path: Path, command):
    (tmp_path / "exposures").mkdir()
    (tmp_path / "exposures" / "truth.json").touch()
    demo.demo(config(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["exposures"]
    ((*module, target, band, in_dir, _, _, _),) = command
    assert (module, target, band) == (["-m", "app"], "target=ngc0628", "band=F770W")
    assert in_dir == f"in_dir={tmp_path / 'exposures'}"
