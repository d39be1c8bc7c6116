"""The plan says where a run differs from calwebb_image3."""


def test_the_default_differs_in_nothing(look):
    assert [note for note in look().notes if "calwebb_image3" in note] == []


def test_every_way_that_differs_is_named(look):
    chosen = {"alignment": "solution", "sky_method": "solution", "outliers": "spare_stars", "errors": "rescaled"}
    (note,) = [note for note in look(**chosen, background_use="level").notes if "calwebb_image3" in note]
    assert note == (
        "differs from calwebb_image3 by alignment=solution, sky=solution, outliers=spare_stars, errors=rescaled, "
        "background_use=level"
    )
