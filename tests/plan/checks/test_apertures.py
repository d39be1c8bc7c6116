"""The apertures of the source catalogue."""

import pytest


@pytest.mark.parametrize("shares", [(50, 50, 70), (70, 50, 30), (0, 50, 70), (30, 50, 100)])
def test_shares_of_light_that_do_not_grow_are_refused(look, shares):
    chosen = {f"aperture_ee{n}": share for n, share in enumerate(shares, 1)}
    (problem,) = look(jwst_parameters={"source_catalog": chosen}).problems
    assert "are {}, {} and {}: each has to be more than the one before".format(*shares) in problem
    assert look(jwst_parameters={"source_catalog": chosen | {"skip": True}}).problems == []


def test_those_that_grow_are_taken(look):
    assert look(jwst_parameters={"source_catalog": {"aperture_ee1": 20, "aperture_ee3": 80}}).problems == []
