"""Memory that is too small."""

import pytest

from app.plan.checks.size import check_start
from app.runtime.errors import MemoryExceededError


def test_a_limit_in_which_jwst_cannot_be_loaded_is_refused_before_it_is(monkeypatch):
    monkeypatch.setattr("app.plan.checks.size.memory_limit", lambda: 400_000_000)
    check_start(1)
    with pytest.raises(MemoryExceededError, match=r"some 0.5 GB are needed, and 0.4 GB may be used; use fewer procs"):
        check_start(2)
