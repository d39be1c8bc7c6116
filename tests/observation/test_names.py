"""Names of products: the documented ones, for any target and any step_ext, as jwst itself would give them."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jwst.lib.suffix import KNOW_SUFFIXES, replace_suffix
from jwst.stpipe import Step

from app.config.schema import Lv3Config
from app.config.validation import check
from app.observation.bands import BANDS
from app.observation.names import ProductNames, ascii_name, exposure_product
from app.observation.suffixes import SUFFIXES
from app.runtime.errors import ConfigError

BOUNDED = settings(max_examples=200, deadline=None, derandomize=True, database=None)
endings = st.sampled_from(KNOW_SUFFIXES) | st.text("abcz019._-+ ", min_size=1, max_size=12)
targets = st.text(st.characters(exclude_characters="/\\"), min_size=1, max_size=60).filter(str.isprintable)


def test_the_suffixes_are_those_of_jwst():
    assert sorted(SUFFIXES) == sorted(KNOW_SUFFIXES)


@BOUNDED
@given(st.text("abc_-. 1", min_size=1, max_size=12), st.sampled_from("_-"), endings)
def test_products_of_an_exposure_are_named_as_jwst_names_them(start, separator, end):
    stem = f"jw{start}{separator}{end}"
    for suffix in ("crf", "i2d_single", "i2d_blot"):
        assert exposure_product(f"{stem}.fits", suffix) == f"{replace_suffix(stem, suffix)}.fits"


@BOUNDED
@given(targets, st.sampled_from(BANDS), st.booleans())
def test_jwst_writes_under_the_documented_name_for_any_target(target, band, is_bgr):
    """What jwst makes of the name that it is given has lost nothing of target and band."""
    names = ProductNames(target, band, is_bgr)
    bgr = "_bgr" if is_bgr else ""
    assert names.mosaic == f"{target}_{band.instrument}_lv3_{band.name}{bgr}_i2d.fits".lower()
    step = Step()
    step.output_file = ascii_name(f"{names.root}.fits")
    for suffix, end, name in [
        ("i2d", None, names.mosaic),
        ("cat", ".ecsv", names.catalogue),
        ("segm", None, names.segments),
    ]:
        assert Path(step.make_output_path(suffix=suffix, ext=end)).name == ascii_name(name)


@BOUNDED
@given(targets)
def test_a_target_is_refused_or_its_names_fit_into_a_folder(target):
    try:
        check(Lv3Config(target=target, band="F770W", in_dir="in"))
    except ConfigError:
        return
    for band in BANDS:
        temporary = f".jwst-lv3-tmp-{ProductNames(target, band, True).catalogue}.4194304.tmp"
        assert len(temporary.encode()) <= 255


@pytest.mark.parametrize("target", ["MACSJ0416.1-2403", "NGC 628", "+Größe.1", "星雲" * 10])
def test_targets_that_are_allowed(target):
    check(Lv3Config(target=target, band="F770W", in_dir="in"))


@pytest.mark.parametrize("target", ["x" * 151, "星" * 51, "a/b", ".x", "-x", "a\nb", ""])
def test_targets_that_are_not_allowed(target):
    with pytest.raises(ConfigError, match="target"):
        check(Lv3Config(target=target, band="F770W", in_dir="in"))


def test_what_goes_into_headers_is_ascii():
    with pytest.raises(ConfigError, match="dr_version"):
        check(Lv3Config(target="x", band="F770W", in_dir="in", dr_version="größe"))
