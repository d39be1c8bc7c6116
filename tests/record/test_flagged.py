"""Versions with known faults: the list that travels with the program, and a newer one that the environment names."""

import pytest

from app.plan.checks import version
from app.record.flagged import VARIABLE, Fault, faults_of
from app.record.provenance import own_version
from app.runtime.errors import ConfigError

LIST = """
- versions: [0.0.1, 0.0.2]
  fault: levels of NIRISS are twice what they should be
  see: CHANGELOG.md, 0.0.3
- {versions: [0.0.2, %s], fault: rays stay in the corners, see: issue 7}
"""


@pytest.fixture
def listed(tmp_path, monkeypatch):
    file = tmp_path / "flagged.yaml"
    file.write_text(LIST % own_version())
    monkeypatch.setenv(VARIABLE, str(file))
    return file


def test_a_version_without_known_faults_says_nothing(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert faults_of(own_version()) == []
    assert list(version.check(None)) == []


def test_the_faults_of_a_version(listed):
    assert [fault.see for fault in faults_of("0.0.2")] == ["CHANGELOG.md, 0.0.3", "issue 7"]
    assert faults_of("0.0.1") == [
        Fault(("0.0.1", "0.0.2"), "levels of NIRISS are twice what they should be", "CHANGELOG.md, 0.0.3")
    ]


def test_a_start_says_it(listed):
    (caveat,) = version.check(None)
    assert caveat.code == "flagged_version"
    assert caveat.message == f"version {own_version()} of jwst-lv3 has a fault: rays stay in the corners"
    assert caveat.hint == "See issue 7."


@pytest.mark.parametrize(
    "text", ["{versions: [1]}", "- {versions: 0.0.1, fault: a, see: b}", "- text", "- [", "- {versions: [1], fault: a}"]
)
def test_a_list_that_is_none_is_an_error_that_names_the_file(listed, text):
    listed.write_text(text)
    (error,) = version.check(None)
    assert isinstance(error, ConfigError)
    assert f"{VARIABLE}={listed}" in str(error)


def test_a_list_that_is_not_there_is_an_error(listed):
    listed.unlink()
    with pytest.raises(ConfigError, match="No such file"):
        faults_of("1")
