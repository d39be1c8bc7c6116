"""Where each job of a sweep writes."""

from pathlib import Path

import pytest

from app.config.schema import Lv3Config
from app.sweep.places import place, shared_places

OUT = "/out/ngc0628/F770W"


def config(**options):
    return Lv3Config(**{"target": "ngc0628", "band": "F770W", "in_dir": "/in", "out_root": "/out"} | options)


@pytest.mark.parametrize(
    ("options", "swept", "expected"),
    [
        ({}, {"target": "ngc0628", "band": "F770W"}, "/out/ngc0628/F770W"),
        ({"is_bgr": True}, {"is_bgr": "true"}, "/out/ngc0628/F770W_bgr"),
        ({}, {"tweakreg_grouping": "degroup_modules"}, f"{OUT}/tweakreg_grouping-degroup_modules"),
        (
            {},
            {"+jwst_parameters.tweakreg.snr": "5", "dr_version": "v1"},
            "/out/ngc0628/F770W/tweakreg.snr-5__dr_version-v1",
        ),
        ({"out_dir": "/mine/x"}, {"dr_version": "v1"}, "/mine/x"),
    ],
)
def test_a_place_says_what_the_job_is(options, swept, expected):
    assert place(config(**options), swept) == Path(expected)


@pytest.mark.parametrize("value", ["../../etc", "a/b", "x y", "[1,2]", "ä", "-" * 300, "$HOME"])
def test_a_place_is_one_safe_folder_whatever_the_value(value):
    folder = place(config(), {"key": value})
    assert folder.parent == Path("/out/ngc0628/F770W")
    assert set(folder.name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-")
    assert len(folder.name) < 100


def test_different_values_have_different_places():
    values = ["a/b", "a b", "a-b", "x" * 100, "x" * 101]
    assert len({place(config(), {"key": value}) for value in values}) == len(values)


def test_a_shared_place_names_its_jobs():
    shared = shared_places([("a=1", Path("/out/x")), ("a=2", Path("/out/x")), ("a=3", Path("/out/y"))])
    assert list(shared) == [Path("/out/x")]
    assert "2 jobs" in shared[Path("/out/x")]
    assert "a=1; a=2" in shared[Path("/out/x")]
