"""Parts of the page that fail leave their places; a process that was killed is no part that failed."""

import pytest

from app.report.missing import Missing, attempt
from app.runtime.errors import MemoryExceededError


def fail(error):
    raise error


def test_what_fails_is_missing_with_its_reason():
    missing = attempt(fail, ValueError("no stars"))
    assert missing == Missing("ValueError: no stars")
    assert attempt(str, missing) is missing


def test_a_lack_of_memory_is_an_error():
    with pytest.raises(MemoryExceededError):
        attempt(fail, MemoryExceededError("a worker process was killed"))
