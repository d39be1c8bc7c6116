"""Which names of targets mean the same."""

import pytest

from app.observation.targets import is_named_by, plain_name, same_targets


@pytest.mark.parametrize(
    ("proposed", "name"),
    [
        ("NGC-628", "ngc0628"),
        ("NGC0628-CENTER", "ngc628"),
        ("NGC 628", "NGC_628"),
        ("NGC628-1", "ngc628"),
        ("M33", "m-33"),
        ("MACS-J0416.1-2403", "macsj0416"),
        ("MACSJ0416.1-2403", "MACS J0416.1-2403"),
        ("MACSJ1149.5+2223", "MACSJ1149.5+2223"),
        ("alpha Cen", "\u03b1 Cen"),
        ("GOODS-S-DEEP", "goods-s"),
    ],
)
def test_a_name_is_told_by_its_letters_and_numbers(proposed, name):
    assert is_named_by(proposed, name)


@pytest.mark.parametrize(
    ("proposed", "name"),
    [
        ("M31", "m3"),
        ("NGC-1365", "ngc136"),
        ("GOODSOUTH", "goods"),
        ("NGC-628", "ngc628-center"),
        ("", "m3"),
        ("-", "-"),
    ],
)
def test_other_names_are_others(proposed, name):
    assert not is_named_by(proposed, name)


def test_names_are_made_plain():
    names = ["NGC-628 CENTER", "MACS-J0416.1-2403", "GOODS-S/2", ""]
    assert [plain_name(name) for name in names] == ["ngc628-center", "macs-j0416.1-2403", "goods-s2", "unnamed"]


def test_a_plain_name_takes_just_what_is_grouped_under_it():
    groups = same_targets(["NGC0628-BKG", "NGC-628", "NGC 628", "M31", "M3", "", "\u03b1 Cen"])
    assert groups == {
        "ngc628": ["NGC 628", "NGC-628", "NGC0628-BKG"], "m3": ["M3"], "m31": ["M31"], "unnamed": [""],
        "\u03b1-cen": ["\u03b1 Cen"],
    }  # fmt: skip
    for plain, names in groups.items():
        if plain != "unnamed":
            assert [name for found in groups.values() for name in found if is_named_by(name, plain)] == names
