"""Products that are made after a mosaic need one."""

import pytest

from app.runtime.errors import ConfigError

SKIPPED = {"resample": {"skip": True}}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"do_drizzle": True}, "do_drizzle=true:"),
        ({"do_drizzle": True, "do_blot": True}, "do_drizzle=true and do_blot"),
    ],
)
def test_without_a_mosaic_nothing_is_made_after_it(look, asked, said):
    (error,) = look(jwst_parameters=SKIPPED, **asked).errors
    assert isinstance(error, ConfigError)
    assert said in str(error)
    assert "resample.skip is true (user)" in str(error)


def test_a_run_without_a_mosaic_is_fine_where_nothing_is_made_after_it(look):
    assert look(jwst_parameters=SKIPPED).errors == []
    assert look(do_drizzle=True).errors == []
