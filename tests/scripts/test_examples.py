"""The modules for other workflow engines: short, true to this program's keys and statuses; retried where it helps."""

import re
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest

from app.config.schema import Lv3Config
from app.runtime.errors import ExitCode

ROOT = Path(__file__).parents[2]
SNAKEMAKE, NEXTFLOW = ROOT / "docs/examples/jwst_lv3.smk", ROOT / "docs/examples/jwst_lv3.nf"
BOTH = pytest.mark.parametrize("path", [SNAKEMAKE, NEXTFLOW], ids=lambda path: path.suffix[1:])
KILLED = 137  # by signal 9, as the kernel does where memory ends: 128 + 9
AGAIN = {ExitCode.MEMORY, ExitCode.SIGTERM, KILLED}


@BOTH
def test_they_are_short(path):
    assert len(path.read_text().splitlines()) <= 60


@BOTH
def test_keys_are_those_of_this_program(path):
    command = re.search(r"^ +jwst-lv3 (.*\n.*)$", path.read_text(), re.MULTILINE)[1]
    keys = set(re.findall(r"(?<![\w.])(\w+)=(?!\$\?)", command))
    assert keys >= {"target", "band", "in_dir", "out_dir", "procs"}
    assert keys <= {item.name for item in fields(Lv3Config)}


def test_both_repeat_what_the_page_says_that_a_scheduler_may_repeat():
    page = (ROOT / "docs/outputs.md").read_text()
    said = re.search(r"A scheduler may retry (\d+) \(with more memory\) and (\d+) by itself\.", page)
    assert {int(said[1]), int(said[2]), KILLED} == AGAIN
    nextflow = re.search(r"exitStatus in \[(.*?)\] \? 'retry' : 'finish'", NEXTFLOW.read_text())[1]
    snakemake = re.search(r'LV3_AGAIN = "(.*)"', SNAKEMAKE.read_text())[1]
    assert {int(status) for status in nextflow.split(", ")} == AGAIN
    assert {int(status) for status in snakemake.split("|")} == AGAIN


@pytest.fixture
def attempt(tmp_path):
    """One attempt of the rule's shell code, with a program that ends with a given status; the code's own, and calls."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "logs/jwst_lv3").mkdir(parents=True)
    program = tmp_path / "bin/jwst-lv3"
    text = SNAKEMAKE.read_text()
    shell = re.search(r'r"""\n(.*?)"""', text, re.DOTALL)[1]
    values = {
        "LV3_AGAIN": re.search(r'LV3_AGAIN = "(.*)"', text)[1],
        "params.options": "",
        "input": "in",
        "output": "out",
    }
    values |= {"params.status": "logs/jwst_lv3/status", "log": "log", "threads": "1"}
    values |= {"wildcards.target": "a", "wildcards.band": "F770W"}

    def run(number, status):
        program.write_text(f"#!/bin/sh\necho call >> calls\nexit {status}\n")
        program.chmod(0o755)
        code = re.sub(r"\{([\w.]+)\}", lambda name: (values | {"resources.attempt": str(number)})[name[1]], shell)
        environment = {"PATH": f"{program.parent}:/usr/bin:/bin"}
        result = subprocess.run(["bash", "-euo", "pipefail", "-c", code], cwd=tmp_path, env=environment, check=False)
        return result.returncode, (tmp_path / "calls").read_text().count("call")

    return run


@pytest.mark.parametrize("status", sorted(AGAIN))
def test_what_may_end_better_is_run_again(attempt, status):
    assert attempt(1, status) == (status, 1)
    assert attempt(2, 0) == (0, 2)


@pytest.mark.parametrize("status", [ExitCode.CONFIG, ExitCode.INPUT, ExitCode.ALIGNMENT, ExitCode.POOR])
def test_what_would_end_in_the_same_way_is_not_run_again(attempt, status):
    assert attempt(1, status) == (status, 1)
    assert attempt(2, 0) == (status, 1)


def test_an_earlier_failure_does_not_keep_the_first_attempt_from_running(attempt):
    assert attempt(1, ExitCode.INPUT) == (ExitCode.INPUT, 1)
    assert attempt(1, 0) == (0, 2)
