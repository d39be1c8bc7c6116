"""The command, as a user runs it: exit status, messages, how soon, and what is left behind."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from astropy.io import fits
from astropy.wcs import WCS

from app.cli.explain import explanation
from app.cli.release.rules import problems
from app.cli.usage import answer
from app.config.hydra_internals import parse_arguments
from app.crds import CONTEXT
from app.record.provenance import datasums
from app.runtime.errors import ConfigError
from app.runtime.kernel import kernel_name
from tests.runs import children_cpu


def command(*arguments, module=False, cwd=None):
    """Run ``jwst-lv3`` (or ``python -m app``) in a process of its own."""
    program = [sys.executable, "-m", "app"] if module else [os.path.join(os.path.dirname(sys.executable), "jwst-lv3")]  # noqa: PTH118, PTH120
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CRDS_")}
    return subprocess.run(
        [*program, *arguments], capture_output=True, text=True, timeout=300, check=False, env=environment, cwd=cwd
    )


@pytest.mark.parametrize("module", [False, True])
def test_everything_that_is_missing_is_said_at_once(module, tmp_path):
    result = command(module=module, cwd=None if module else tmp_path)
    assert result.returncode == 2
    assert [name in result.stderr for name in ("target:", "band:", "in_dir:")] == [True] * 3
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["targt=ngc0628"], "did you mean target?"),
        (["target=n", "band=F771W", "in_dir=in"], "F771W: no such band"),
        (["target=n", "band=F770W", "in_dir=in", "procs=0"], "procs=0"),
        (["target=../n", "band=F770W", "in_dir=in"], "becomes part of file names"),
        (["tweakreg_grouping=nope"], "degroup_modules"),
        (["target=n", "band=F770W", "in_dir=in", "is_bgr=maybe"], "is_bgr"),
        (["target=n", "band=F770W", "in_dir=a=b=c,d"], "in_dir"),
        (["target=n", "band=F770W", "in_dir=in", "tweakreg_group_dithers=[miri,nircam_shrt]"], "nircam_short?"),
        (
            ["target=n", "band=F770W", "in_dir=in", "skymatch_grouping=[group_dithers,degroup_dithers]"],
            "grouped and separate",
        ),
    ],
)
def test_what_cannot_work_is_refused_with_status_2(arguments, message):
    result = command(*arguments)
    assert result.returncode == 2, result.stderr
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_a_refusal_takes_less_than_a_second_and_imports_no_jwst(tmp_path):
    times = []
    for _ in range(3):
        start = children_cpu()
        command("target=n", "band=F770W", "in_dir=in", "procs=0")
        times.append(children_cpu() - start)
    found = "sorted({'jwst', 'crds', 'stpipe'} & set(sys.modules))"
    code = f"import sys; from app.__main__ import main; main(); print({found})"
    result = subprocess.run([sys.executable, "-c", code, "band=F7"], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
    assert min(times) < 1.5  # a second, on a machine that runs other tests beside


def test_options_of_a_grouping_group_combine():
    result = command("tweakreg_grouping=[group_dithers,degroup_modules]", "--cfg", "job")
    assert result.returncode == 0
    assert "tweakreg_degroup_nircam_modules: true" in result.stdout
    assert "- nircam_short" in result.stdout


def test_help_names_the_groups_and_keys():
    result = command("--help", module=True)
    assert result.returncode == 0
    for word in ("tweakreg_grouping", "postprocess", "exclude", "action=init", "action=failed", "--shell-completion"):
        assert word in result.stdout
    docs = Path(result.stdout.rpartition("Documentation: ")[2].strip())
    assert (docs / "configuration.md").is_file()


def test_the_version_names_what_matters():
    result = command("--version", module=True)
    assert (result.returncode, result.stderr) == (0, "")
    packages = f"jwst-lv3 {version('jwst-lv3')}, jwst {version('jwst')}"
    assert result.stdout == f"{packages}, CRDS context {CONTEXT}, kernel {kernel_name()}\n"


@pytest.mark.parametrize("asked", ["--help", "--version"])
def test_what_it_says_of_itself_needs_no_other_package(asked):
    """A second is long for a page of text: in the image, with a cold cache, every package that is imported counts."""
    code = "import sys; from app.__main__ import main; main(); print(*{m.partition('.')[0] for m in sys.modules})"
    found = subprocess.run([sys.executable, "-c", code, asked], capture_output=True, text=True, check=True).stdout
    loaded = set(found.splitlines()[-1].split())
    assert loaded & {"hydra", "omegaconf", "yaml", "numpy", "astropy", "jwst", "crds"} == set()


def test_help_lists_options_of_ones_own(tmp_path):
    (tmp_path / "survey").mkdir()
    (tmp_path / "survey/mine.yaml").touch()
    for words in (["--config-dir", str(tmp_path)], [f"--config-dir={tmp_path}"], ["-cd", str(tmp_path)]):
        assert "survey: mine, none, phangs\n" in answer(["--help", *words])


def test_a_key_and_a_group_are_explained_and_a_slip_is_put_right():
    assert "number of processes" in explanation("procs")
    assert "allowed: tweakreg, solution" in explanation("alignment"), "a key that is a group, too"
    assert "alignment=from_run\n" in explanation("alignment")
    assert "in_dir" in explanation(None)
    with pytest.raises(ConfigError, match="did you mean procs"):
        explanation("proc")


def test_options_may_stand_between_overrides():
    arguments = parse_arguments(["-m", "target=a", "--config-dir", "x", "band=b"])
    assert (arguments.overrides, arguments.config_dir) == (["target=a", "band=b"], "x")


def test_output_may_be_left_unread():
    program = f"{sys.executable} -m app --help | true; exit ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (141, "")


@pytest.fixture(scope="module")
def whole_run(miri, crds, tmp_path_factory):
    """A run by the command, in a folder of its own: the folder, and what the command said."""
    folder = tmp_path_factory.mktemp("whole")
    arguments = [
        "target=ngc0628",
        "band=F770W",
        f"in_dir={miri.folder}",
        f"out_dir={folder}/out",
        "crds=synthetic",
        f"crds.path={crds.path}",
        "++jwst_parameters.outlier_detection.scale=2.0 1.0",
        "++jwst_parameters.source_catalog.skip=true",
    ]
    return folder, command(*arguments, cwd=folder)


def test_a_whole_run_from_the_command_line(whole_run):
    folder, result = whole_run
    assert result.returncode == 0, result.stderr
    assert (folder / "out" / "ngc0628_miri_lv3_f770w_i2d.fits").is_file()
    assert [path.name for path in folder.iterdir()] == ["out"]
    assert len(result.stderr.splitlines()) < 40  # quiet: jwst's own log is in lv3_run.log
    assert "outlier_detection" in (folder / "out" / "lv3_run.log").read_text()


def test_a_whole_run_is_released(whole_run, tmp_path):
    from stdatamodels.jwst import datamodels

    out = whole_run[0] / "out"
    words = ["action=release", f"out_dir={out}", f"release_dir={tmp_path}/new", "hlsp_id=mine", "hlsp_version=v1"]
    words += ["hlsp_name=My survey", "hlsp_lead=A. Nobody", "hlsp_contact=a@example.org", "hlsp_doi=10.17909/abcd"]
    assert json.loads((out / "lv3_run.json").read_text())["caveats"] == []  # with any, accept=[...] would be asked for
    result = command(*words, module=True)
    assert result.returncode == 0, result.stderr
    assert problems(tmp_path / "new") == []
    stem = tmp_path / "new/hlsp_mine_jwst_miri_ngc0628_f770w_v1"
    mosaic, released = out / "ngc0628_miri_lv3_f770w_i2d.fits", stem.with_name(f"{stem.name}_i2d.fits")
    assert datasums(mosaic) == datasums(released)
    with datamodels.open(released) as model, datamodels.open(mosaic) as old:  # as jwst reads it, with its own WCS
        assert model.meta.wcs(7, 9) == pytest.approx(old.meta.wcs(7, 9), abs=0)
        assert model.meta.cal_step.resample == "COMPLETE"
    with fits.open(released) as hdus:
        there = WCS(hdus["SCI"].header, fix=False).wcs_pix2world([[7, 9]], 0)
        for name in ("ERR", "WHT", "VAR_RNOISE"):
            assert WCS(hdus[name].header, fix=False).wcs_pix2world([[7, 9]], 0) == pytest.approx(there, abs=0)
    assert [path.name for path in (whole_run[0]).iterdir()] == ["out"]


def test_no_exposure_is_an_input_error_and_leaves_nothing(crds, tmp_path):
    (tmp_path / "in").mkdir()
    result = command(
        "target=n",
        "band=F770W",
        f"in_dir={tmp_path}/in",
        f"out_dir={tmp_path}/out",
        "crds=synthetic",
        f"crds.path={crds.path}",
    )
    assert result.returncode == 20, result.stderr
    assert "no file matches *_cal.fits" in result.stderr
    assert not (tmp_path / "out").exists()
