"""Every command of README and docs, as printed, in a folder with simulated data; `...` is the rest of its line.

What cannot run here, for want of a network, of an engine or of hours, is in `NOT_RUN` with the reason, and is checked
as far as it goes: by the tool's own dry run, by an engine that only tells what it was asked, or by this program's plan.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from stcal.tweakreg import astrometric_utils

from app.cli import command
from app.crds.cache.synthetic import make_synthetic_cache
from app.observation.exposure_headers import read_exposures
from app.observation.grouping import visit_id
from app.plan.corrections import TABLE_NAME, Correction, write_corrections
from app.plan.specification import specification
from app.simulation import simulate_observation
from tests.cli.services import service
from tests.sweep.sweeps import make_composer

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
WORDS = (
    r"make|docker|podman|apptainer|pip|python|python3\.12|export|mkdir|rm|sha256sum|git|module|jwst-lv3|"
    r"scripts/\S+|\S*bin/\S+"
)
LINE = re.compile(rf"({WORDS}) \S")
#: Folders of the reader's machine that the pages speak of.
PLACES = re.compile(r"(?<![\w./])(/data|/scratch|/images|~/lv3|/tmp/jwst-lv3-ci)(?=[/ :]|$)")
#: What `...` stands for: the words of a run.
RUN = "target=ngc0628 band=F770W in_dir=data/ngc0628/F770W"

NOT_RUN = {
    "make": "hours, a network or an engine; make says itself what it would do",
    "docker": "needs an engine: make test-image; what it hands to jwst-lv3 is planned",
    "apptainer": "needs an engine: make test-sif; what it hands to jwst-lv3 is planned",
    "pip": "needs a network; the files that it names are there",
    "python3.12": "makes an environment, for pip",
    "module": "a cluster's own command",
    "git": "shows, and changes nothing",
}


def printed(page):
    """Commands of a page: lines of code, and code within the text."""
    text = page.read_text(encoding="utf-8")
    code = [
        sh
        for language, sh in re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        if language in ("sh", "")
    ]
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    code += re.findall(r"^    (.*(?:\\\n.*)*)", text, re.MULTILINE)
    lines = "\n".join(code).replace("\\\n", " ").splitlines()
    lines += re.findall(r"`([^`\n]+)`", re.sub(r"^    .*", "", text, flags=re.MULTILINE))
    return [" ".join(re.sub(r"(?<=\s)#.*", "", line).split()) for line in lines if LINE.match(line.strip())]


# Apptainer is asked by a launcher for the versions of what is in the image: those of this environment.
INSIDE = f'[ "$1" != /opt/venv/bin/python ] || {{ shift; exec "{sys.executable}" "$@"; }}; shift'
ENGINES = {"sbatch": "echo 7", "docker": 'echo "$@"', "apptainer": f"while [ $# -gt 0 ]; do {INSIDE}; done"}
SURVEY = yaml.safe_load((ROOT / "conf/survey/phangs.yaml").read_text())
DETECTORS = {"F200W": "NRCB1", "F300M": "NRCBLONG", "F335M": "NRCBLONG", "F360M": "NRCBLONG"}


@pytest.fixture(scope="module")
def exposures(tmp_path_factory):
    """Two small exposures in each band, by band."""
    folders = {}
    for band in SURVEY["bands"]:
        folders[band] = tmp_path_factory.mktemp(band)
        detectors = [DETECTORS.get(band, "MIRIMAGE")]
        simulate_observation(folders[band], band=band, detectors=detectors, n_dithers=2, window=(16, 16))
    return {band: sorted(folder.glob("*_cal.fits")) for band, folder in folders.items()}


@pytest.fixture(scope="module")
def here(exposures, tmp_path_factory):
    """The current folder, with everything that the pages speak of, and engines that only tell."""
    here = tmp_path_factory.mktemp("here")

    def put(folder, band):
        (here / folder).mkdir(parents=True, exist_ok=True)
        for path in exposures[band]:
            os.link(path, here / folder / path.name)

    put("MAST/JWST", "F770W")
    for folder in ("cal", "data", "data/ngc0628"):
        put(folder, "F770W")
    for band in SURVEY["bands"]:
        for target in SURVEY["targets"]:
            put(f"data/phangs/{target}/{band}", band)
        for target in ("ngc0628", "ngc1365"):
            put(f"data/{target}/{band}", band)
    files = {
        "my-options/survey/mine.yaml": "# @package _global_\ndr_version: v1\n",
        "FOLDER/NAME.yaml": "defaults:\n  - config\n  - _self_\ntarget: ngc0628\nband: F770W\nin_dir: cal\n",
        **dict.fromkeys(("jwst-lv3.sif", "jwst-lv3-0.1.0.sif", "images/jwst-lv3.sif", "jwst-lv3-ci/base.tar"), ""),
        "config.toml": "targets = ['ngc0628']\nbands = ['F770W']\nsteps = ['lv2', 'lv3']\n",
        "local.toml": "reprocess_dir = 'data'\n",
        **{f"bin/{name}": f"#!/bin/bash\n{script}\n" for name, script in ENGINES.items()},
    }
    for name, text in files.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(text)
        (here / name).chmod(0o755)
    make_synthetic_cache(here / "crds-cache")
    follow(read_exposures(exposures["F300M"]), here / "out/ngc0628/F300M")
    return here


def follow(exposures, folder):
    """A run that other runs can follow: it moved its exposures by a tenth of an arcsecond."""
    folder.mkdir(parents=True)
    moved = (0.1, 0.0, 0.0, 0.0, 0.0, 0.0)
    corrections = [Correction(e.name, visit_id(e), e.detector, "group", 24.0, 15.0, moved) for e in exposures]
    write_corrections(corrections, folder / TABLE_NAME)
    record = {
        "schema": 1,
        "state": "success",
        "started": "",
        "config": {},
        "inputs": [],
        "caveats": [],
        "error": None,
        "host": {},
    }
    record["products"] = [{"file": TABLE_NAME, "size": 0}]  # the run that is followed lists it
    (folder / "lv3_run.json").write_text(json.dumps(record))


@pytest.fixture(scope="module")
def catalogues():
    """Address of a service of catalogues on this machine."""
    with service(n_stars=5000) as (url, _):
        yield url


@pytest.fixture
def run(here, catalogues, monkeypatch):
    """Run one command as it is printed."""
    monkeypatch.setattr(astrometric_utils, "SERVICELOCATION", catalogues)
    monkeypatch.chdir(here)
    monkeypatch.setenv("PATH", f"{here}/bin:{os.environ['PATH']}")
    monkeypatch.setenv("LV3_CRDS", "synthetic")
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")

    def run(line):
        if "in_dir=out/first" in line:  # what the run before, which is only planned, would leave
            shutil.copytree(here / "cal", here / "out/first")
            for path in (here / "out/first").iterdir():
                path.rename(path.with_name(path.name.replace("_cal", "_crf")))
        line = PLACES.sub(lambda place: str(here / place[1].lstrip("~/").removeprefix("tmp/")), line)
        words = shlex.split(line.replace("$PWD", str(here)))
        handed = RUNNERS.get(Path(words[0]).name, by_shell)(words)
        if handed is not None and "action=selftest" not in handed:  # which tests/simulation/selftest runs
            if {"action=compare", "action=demo"} & set(handed):  # tests/cli/test_compare.py and make test-wheel do
                return
            if "action=init" in handed:  # it replaces nothing, and several pages name it
                (here / "survey/mast.yaml").unlink(missing_ok=True)
            # What would be released is not there: that the words are taken is seen from a plan.
            words = ["action=plan" if word == "action=release" else word for word in completed(handed)]
            monkeypatch.setattr(sys, "argv", ["jwst-lv3", *words])
            GlobalHydra.instance().clear()
            command._command()

    return run


def tell(*words, cwd="."):
    """Run another program; its output."""
    result = subprocess.run(words, capture_output=True, text=True, check=False, cwd=cwd, timeout=600)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def completed(words):
    """The command line of this program with something for its `...`; what would be a run is planned."""
    keys = {word.partition("=")[0] for word in words}
    rest = [word for word in RUN.split() if word.partition("=")[0] not in keys]
    band = next((word.partition("=")[2] for word in words if word.startswith("band=")), "F770W")
    words = [word.replace("in_dir=...", f"in_dir=data/ngc0628/{band}") for word in words]
    words = [new for word in words for new in (rest if word == "..." else [word.replace("=...", "=out")])]
    return words if "action" in keys else [*words, "action=plan"]


# A runner is given the words of a command; it returns those that this program is handed, if any.


def by_launcher(words):
    told = shlex.split(tell(sys.executable, str(ROOT / words[0]), "--engine", "docker", "--dry-run", *words[1:]))
    handed = told[told.index("--workdir") + 3 :]
    return None if "--help" in handed else handed


def by_engine(words):
    image = next((n for n, word in enumerate(words) if re.fullmatch(r"jwst-lv3(:\S+|\S*\.sif)?", word)), len(words))
    handed = [word for word in words[image + 1 :] if "=" in word or word == "-m"]
    return handed if words[1] == "run" and handed else None


def by_make(words):
    tell(*words, "-n", "-o", ".venv/.done", "-o", ".venv/.dev", cwd=ROOT)


def by_pip(words):
    assert all((ROOT / words[n + 1]).is_file() for n, word in enumerate(words) if word == "-r")


def by_python(words):
    script, *rest = words[1:] if words[0] == "python" else words
    tell(sys.executable, str(ROOT / script), *rest)


def by_shell(words):
    program = str(ROOT / words[0]) if words[0].startswith("scripts/") else words[0]
    cwd = "crds-cache" if "--check" in words else "."
    tell("sh", "-euc", shlex.join([program, *words[1:]]), cwd=cwd)


RUNNERS = {
    "jwst-lv3": lambda words: words[1:],
    "jwst-lv3-container": by_launcher,
    "docker": by_engine,
    "apptainer": by_engine,
    "make": by_make,
    "pip": by_pip,
    "python": by_python,
    "from_pjpipe.py": by_python,
    **dict.fromkeys(("python3.12", "module", "git"), lambda words: None),
}
assert set(NOT_RUN) <= set(RUNNERS)


@pytest.mark.parametrize("page", [page.name for page in PAGES if printed(page)])
def test_every_command_of_a_page_works_as_printed(page, run):
    lines = printed(next(path for path in PAGES if path.name == page))
    failed = []
    for line in lines:
        try:
            run(line)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - all are looked at
            if isinstance(error, SystemExit) and error.code == 0:  # --version ends so
                continue
            failed.append(f"{line}\n    {type(error).__name__}: {error}")
    assert not failed, "\n".join(failed)


#: Code within the text that is one override, or several.
OVERRIDE = re.compile(r"\+{0,2}[a-z][\w./-]*=[^\s:.]\S*")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_override_of_a_page_is_taken_as_printed(page):
    """But those of jwst's parameters, and of a launcher's, whose name is given without the path to it."""
    short = {name for names in specification().values() for name in names} | {"n_jobs"}
    refused = []
    for code in set(re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8"))):
        words = code.split()
        key = words[0].partition("=")[0].lstrip("+").split(".") if words else [""]
        is_short = key[-1] in short and key[0] not in ("jwst_parameters", "hydra")
        if is_short or not all(map(OVERRIDE.fullmatch, words)):
            continue
        launcher = ["hydra/launcher=slurm_apptainer"] if "hydra.launcher" in code else []
        try:
            make_composer(*words, *launcher)
        except HydraException as error:
            refused.append(f"{code}: {error}")
    assert not refused


def test_the_pages_have_commands_and_none_is_lost():
    """Every line of a block of shell commands is one that the test above runs, or a comment."""
    found = {page.name: printed(page) for page in PAGES}
    assert len(found["README.md"]) >= 12
    assert {"README.md", "containers.md", "hpc.md", "sweeps.md"} <= {name for name, lines in found.items() if lines}
    for page in PAGES:
        for block in re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines():
                words = " ".join(re.sub(r"(^|\s)#.*", "", line).split())
                assert not words or words in found[page.name], line
