"""Parameters that do not go with stars being spared."""

import pytest


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"resample_data": False}, "are of jwst's own method"),
        ({"save_intermediate_results": True}, "are of jwst's own method"),
        ({"scale": "1.5 1.0"}, "scale='1.5 1.0' is not used"),
    ],
)
def test_what_sparing_stars_cannot_take_into_account(look, parameters, said):
    chosen = {"jwst_parameters": {"outlier_detection": parameters}}
    (problem,) = look(outliers="spare_stars", **chosen).problems
    assert said in problem
    assert look(**chosen).problems == []
    skipped = {"jwst_parameters": {"outlier_detection": parameters | {"skip": True}}}
    assert look(outliers="spare_stars", **skipped).problems == []
