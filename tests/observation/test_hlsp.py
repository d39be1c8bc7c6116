"""Names by MAST's rules: those of its own examples pass, and what a rule forbids is found."""

import pytest

from app.observation.hlsp import FIELDS, Collection, hlsp_target, name_problems

GOOD = "hlsp_phangs-jwst_jwst_miri_ngc0628_f770w_v1_i2d.fits"


@pytest.mark.parametrize(
    "name",
    [
        # Examples of the guide.
        "hlsp_goods_hst_acs-wfc_north-sect13_f435w_v2.0_drz.fits",
        "hlsp_udf_hst_nicmos-nic3_treasury_f110w_v2_img.fits",
        "hlsp_deep47tuc_hst_acs_47tuc_f606w-f814w_v1_cat.txt",
        "hlsp_my-survey_readme.md",
        GOOD,
        "hlsp_x_jwst_nircam_macsj0416.1-2403+p_f200w_v10.20.3a_i2d.fits.fz",
    ],
)
def test_good_names_pass(name):
    assert list(name_problems(name)) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("phangs", "PHANGS", "proj-id"),
        ("ngc0628", "ngc_0628", "fields"),
        ("ngc0628", "n" * 31, "target"),
        ("ngc0628", "-ngc", "target"),
        ("f770w", "f770w+f1000w", "opt-elem"),
        ("v1", "v01", "version"),
        ("v1", "1", "version"),
        ("v1", "v1.2.3.4", "version"),
        ("i2d", "a-very-long-product", "product-type"),
        ("i2d", "i2d.sci", "extension"),
        ("fits", "FITS", "extension"),
        ("hlsp", "ccsp", "hlsp"),
        ("miri", "miri-nircam-niriss-nirspec", "instrument"),
    ],
)
def test_what_a_rule_forbids_is_found(old, new, said):
    (problem,) = name_problems(GOOD.replace(old, new, 1))
    assert said in problem


def test_a_name_has_at_most_90_letters():
    name = f"hlsp_{'a' * 20}_{'b' * 20}_{'c' * 20}_d_e_v1_i2d.fits"
    assert len(name) == 83
    assert list(name_problems(name)) == []
    assert ["91 characters" in problem for problem in name_problems(name.replace("_d_", "_ddddddddd_"))] == [True]


def test_several_runs_are_named_together():
    survey = Collection("survey", "v1")
    bands = ["F300M", "F770W", "F2100W"]
    name = survey.name(["nircam", "miri", "miri"], ["NGC 628"] * 3, bands, "rgb-256", "png")
    assert name == "hlsp_survey_jwst_nircam-miri_ngc-628_f300m-f770w-f2100w_v1_rgb-256.png"
    name = survey.name(["miri"], ["a", "b"], [*bands, "F1130W"], "manifest", "txt")
    assert name == "hlsp_survey_jwst_miri_multi_multi_v1_manifest.txt"


@pytest.mark.parametrize(
    ("target", "expected"),
    [("ngc0628", "ngc0628"), ("NGC 628 +Größe.1-2403", "ngc-628-+gr-e.1-2403"), ("(a_b)", "a-b"), ("47 Tuc", "47-tuc")],
)
def test_any_target_becomes_a_field(target, expected):
    assert hlsp_target(target) == expected
    assert FIELDS["target"].fits(expected)
