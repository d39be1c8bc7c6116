"""Errors and what is behind them."""

from itertools import pairwise

from app.runtime.carried import carry
from app.runtime.errors import causes


def chain(*errors):
    for error, cause in pairwise(errors):
        error.__cause__ = cause
    return errors[0]


def test_the_causes_of_an_error_end_also_where_they_are_a_ring():
    first, second = ValueError("first"), OSError("second")
    assert list(causes(chain(first, second))) == [first, second]
    second.__context__ = first
    assert list(causes(first)) == [first, second]
    first.__cause__ = first  # raise error from error
    assert list(causes(first)) == [first]
    assert str(carry(first).error()) == "first"
