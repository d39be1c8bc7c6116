"""What the tests of faults share."""

import pytest

from tests.faults.command import end_all
from tests.faults.tiny import tiny  # noqa: F401 - a fixture


@pytest.fixture(autouse=True)
def no_process_stays():
    """Whatever a test has started ends with it."""
    yield
    end_all()
