"""The notebook of docs/ runs, on a small observation in the place of the demo's; what is stored of it is portable."""

import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "docs/first_mosaic.ipynb"


def outputs(notebook):
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning:(zmq|tornado|jupyter_client)")
def test_it_runs(miri, crds_cache, tmp_path, monkeypatch):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo/exposures").symlink_to(miri.folder)
    (tmp_path / "demo/crds").symlink_to(crds_cache)
    monkeypatch.chdir(tmp_path)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    said = json.dumps(outputs(notebook))
    assert "ngc0628_miri_lv3_f770w_i2d.fits" in said
    assert "success" in said
    assert "image/png" in said
    assert (tmp_path / "demo/from_python/lv3_report.html").is_file()


def test_what_is_stored_of_it_has_been_executed_and_names_no_folder_of_a_machine():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    found = outputs(notebook)
    assert {"text/html", "image/png"} <= {kind for output in found for kind in output.get("data", {})}
    assert not any(output.output_type == "error" for output in found)
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert not any(folder in text for folder in ('"/', "/home/", "/tmp/", "file://"))
