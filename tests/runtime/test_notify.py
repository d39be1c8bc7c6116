"""The command that is told how a run ended."""

import pytest

from app.runtime.errors import ConfigError, ExitCode
from app.runtime.notify import check_source, notify, split_off


def test_it_gets_the_verdict_and_the_command(tmp_path):
    words = ["target=M 33"]
    notify(f'cat > {tmp_path}/said; echo "$LV3_VERDICT $LV3_STATUS" >> {tmp_path}/said', ExitCode.ALIGNMENT, words)
    assert (tmp_path / "said").read_text() == "alignment: jwst-lv3 'target=M 33'\nalignment 22\n"


def test_one_that_fails_is_a_warning(caplog):
    notify("exit 3", 0, [])
    assert "notify: " in caplog.text


def test_it_is_taken_from_the_command_line_alone():
    assert split_off(["a=1", "notify=x", 'notify=mail -s "a, b"']) == (["a=1"], 'mail -s "a, b"')
    assert split_off(["a=1"]) == (["a=1"], None)
    check_source(None)
    with pytest.raises(ConfigError, match="none is run from a file"):
        check_source("rm")
