"""What comes from outside, at random: overrides, TOML, headers. Only our errors come out; no name leads elsewhere."""

import shutil
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from omegaconf.errors import OmegaConfBaseException

from app.config.composition import composition_error, to_config
from app.config.folders import CONF
from app.config.schema import Lv3Config
from app.config.validation import check
from app.observation.bands import find_bands
from app.observation.exposure_headers import read_exposures
from app.observation.files import find_files
from app.observation.names import ProductNames
from app.run.folder import OutputFolder
from app.runtime.errors import ConfigError, InputError, Lv3Error
from app.simulation import simulate_observation
from scripts.from_pjpipe import Moved, move, read_toml

BOUNDED = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
KEYS = sorted({item.name for item in fields(Lv3Config)})

NASTY = [
    *("../../etc/passwd", "/etc/passwd", "..", ".", "~", "a/b", "a\\b", "a\0b", "a\nb", "-rf", "x" * 300),
    *("\u202e", "\u00e9"),
    *("$(reboot)", "`reboot`", "a;b", "<script>alert(1)</script>", "${oc.env:HOME}", "${hydra:runtime.cwd}"),
    *("_target_", "{_target_: os.system}", "!!python/object/apply:os.system [x]"),
    *("[[[[", "null", "NaN", "1e999", "*", "**", "[a-"),
]
words = st.sampled_from(NASTY) | st.text(max_size=20)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), words)
values = st.recursive(scalars, lambda x: st.lists(x, max_size=3) | st.dictionaries(words, x, max_size=3), max_leaves=6)
GOOD = {"target": "ngc0628", "band": "F770W", "in_dir": "in"}


def stays_inside(config):
    """No name that the configuration makes leads out of the folder that it is for."""
    folder = config.output_folder
    for band in find_bands(config.band):
        names = ProductNames(config.target, band, config.is_bgr)
        for name in (names.mosaic, names.catalogue, names.association):
            assert Path(folder, name).parent == folder
            assert name == Path(name).name
            assert name.isprintable()
    assert OutputFolder(config).work.name.startswith(".jwst-lv3-work")


@BOUNDED
@given(st.dictionaries(st.sampled_from(KEYS), values, max_size=4))
@example({"target": ".."})
@example({"dr_version": "v1/../.."})
@example({"target": "a\x1b[31mb"})
@example({"band": ["F770W"]})
@example({"bgr_background_name": {"a": 1}})
@example({"crds": "server"})
@example({"out_dir": "a\0b"})
def test_any_configuration_is_taken_or_refused(changes):
    try:
        config = Lv3Config(**GOOD | changes)
        check(config)
    except ConfigError:
        return
    stays_inside(config)


@BOUNDED
@given(st.lists(st.tuples(st.sampled_from(KEYS), words), max_size=3), st.lists(words, max_size=1))
@example([("jwst_parameters", "{_target_: os.system}")], [])
@example([("jwst_parameters", "{tweakreg: {_target_: builtins.exit}}")], [])
@example([("target", "${oc.env:HOME}")], [])
@example([], ["hydra.run.dir=/"])
@example([("in_dir", "'" + "[" * 200)], [])
def test_any_override_is_taken_or_refused(pairs, loose):
    with initialize_config_dir(str(Path(CONF).resolve()), version_base="1.3"):
        try:
            overrides = [*(f"{key}={value}" for key, value in (GOOD | dict(pairs)).items()), *loose]
            config = to_config(compose("config", overrides))
        except (HydraException, OmegaConfBaseException) as error:
            refusal = composition_error(error)
        except Lv3Error as error:
            refusal = error
        else:
            stays_inside(config)
            return
    assert str(refusal)


@BOUNDED
@given(in_dir=words, step_ext=words, exclude=st.lists(words, max_size=2))
@example(in_dir=".", step_ext="**", exclude=[])
@example(in_dir="a\0b", step_ext="cal", exclude=[])
@example(in_dir="x" * 5000, step_ext="cal", exclude=[])
def test_any_place_is_searched_or_refused(in_dir, step_ext, exclude):
    try:
        check(Lv3Config(**GOOD | {"in_dir": in_dir, "step_ext": step_ext}))
        find_files(Path(in_dir), step_ext, exclude)
    except (ConfigError, InputError):
        return


PJPIPE = ("targets", "bands", "version", "steps", "parameters", "lv3", "jwst_parameters", "tweakreg", "processing_dir")
toml_keys = st.sampled_from([*PJPIPE, *KEYS]) | words
tables = st.recursive(
    scalars, lambda x: st.lists(x, max_size=3) | st.dictionaries(toml_keys, x, max_size=4), max_leaves=15
)


@BOUNDED
@given(st.dictionaries(toml_keys, tables, max_size=5), st.dictionaries(toml_keys, tables, max_size=3))
def test_any_table_of_pjpipe_is_moved_or_refused(config, local):
    notes = []
    try:
        moved = move(config, local, notes)
    except Lv3Error:
        return
    assert isinstance(moved, Moved)
    assert not any("_target_" in word for sweep in moved.sweeps for word in sweep)


@BOUNDED
@given(st.binary(max_size=200) | words.map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_text_is_toml_or_refused(tmp_path, content):
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    with suppress(ConfigError):
        assert isinstance(read_toml(path, []), dict)


@pytest.fixture(scope="module")
def exposure(tmp_path_factory):
    """A tiny exposure: its bytes, and where its headers are."""
    truth = simulate_observation(tmp_path_factory.mktemp("tiny"), n_dithers=1, window=(16, 16))
    return truth.files[0]


def headers(path):
    """Places of all blocks of a file that hold header cards."""
    content = path.read_bytes()
    blocks = range(0, len(content), 2880)
    return [i for i in blocks if content[i : i + 80].isascii() and b"=" in content[i : i + 80]]


CARDS = [
    *("NAXIS", "NAXIS1", "BITPIX", "PCOUNT", "EXTNAME", "BZERO", "TFIELDS", "TFORM1", "END", "SIMPLE", "CONTINUE"),
    *("EXP_TYPE", "VISIT", "DETECTOR", "S_REGION", "BKGLEVEL", "BUNIT", "FILTER"),
]
numbers = st.integers().map(str) | st.floats().map(str)
card = st.tuples(st.sampled_from(CARDS), numbers | st.sampled_from(["T", "'x", "''", "&'", "", "'T'", "1 1 1"]))


@BOUNDED
@given(data=st.data())
def test_any_header_is_read_or_refused(exposure, tmp_path, data):
    path = Path(shutil.copy(exposure, tmp_path / exposure.name))
    content = bytearray(path.read_bytes())
    block = data.draw(st.sampled_from(headers(exposure)))
    for keyword, value in data.draw(st.lists(card, max_size=3)):
        where = block + 80 * data.draw(st.integers(0, 35))
        content[where : where + 80] = f"{keyword:8}= {value:>20}"[:80].ljust(80).encode("ascii")
    for _ in range(data.draw(st.integers(0, 5))):
        content[block + data.draw(st.integers(0, 2879))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        (found,) = read_exposures([path])
    except InputError as refusal:
        problems = refusal.problems
    else:
        problems = []
        check_facts(found)
    assert all(path.name in problem and "\n" not in problem for problem in problems)


def check_facts(found):
    """What becomes part of group ids, and through them of file names."""
    assert all(name.isalnum() for name in (found.program, found.observation, found.visit, found.exposure_number))
