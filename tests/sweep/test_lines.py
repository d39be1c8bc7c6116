"""Overrides as text come back as what they were."""

import shlex
import subprocess

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from app.config.words import override
from app.sweep.lines import line, out_dir_of

PATHS = [
    "/data/x",
    "/data/a=b,c",
    "/data/with blank",
    '/data/qu"ote',
    "/data/{x}[0]",
    "/data/it's",
    "/data/back\\slash",
]


@pytest.mark.parametrize("path", PATHS)
def test_hydra_reads_the_value_that_was_meant(path):
    parsed = OverridesParser.create().parse_override(override("out_dir", path))
    assert getattr(parsed.value(), "text", parsed.value()) == path


@pytest.mark.parametrize("path", PATHS)
def test_shell_and_xargs_split_a_line_into_the_same_words(path):
    words = ["target=ngc0628", override("in_dir", path), override("out_dir", path)]
    assert shlex.split(line(words)) == words
    xargs = ["xargs", "-n", "1", "printf", "%s\\n"]
    split = subprocess.run(xargs, input=line(words), text=True, capture_output=True, check=True)
    assert split.stdout.splitlines() == words
    assert str(out_dir_of(line(words))) == path
