"""Whatever is wrong with a cache is known before the run, and said; the docstrings say what would happen otherwise."""

import ast
import multiprocessing
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from app.crds import ReferenceSet, resolve
from app.crds.cache.layout import write_imap, write_rmap
from app.crds.environment import SYNTHETIC_CONTEXT, CrdsOptions, environment
from app.runtime.errors import CrdsError

MIRI = {
    "meta.instrument.name": "MIRI", "meta.instrument.detector": "MIRIMAGE", "meta.instrument.filter": "F770W",
    "meta.exposure.type": "MIR_IMAGE", "meta.subarray.name": "FULL", "meta.observation.date": "2025-01-01",
    "meta.observation.time": "00:00:00",
}  # fmt: skip
Resolve = Callable[..., ReferenceSet]


def resolve_in(cache: Path, parameters: dict[str, str], skip: tuple[str, ...]) -> ReferenceSet:
    """Resolve in a process that asks CRDS nothing else: crds remembers what it read."""
    options = CrdsOptions(mode="synthetic", context=SYNTHETIC_CONTEXT, path=str(cache))
    os.environ.update(environment(options))  # crds is imported already, to save time, but was never used
    return resolve(parameters, skip)


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    """One process a task, forked from one that has imported jwst."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["app.crds.image3", __name__])
    with ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=1) as executor:
        yield executor


@pytest.fixture
def resolved(pool: ProcessPoolExecutor) -> Resolve:
    """What `resolve` gives or raises; even sys.exit would be seen here."""

    def call(cache: Path, parameters: dict[str, str] = MIRI, skip: tuple[str, ...] = ()) -> ReferenceSet:
        return pool.submit(resolve_in, cache, parameters, skip).result(timeout=60)

    return call


@pytest.mark.parametrize(
    ("instrument", "elements"),
    [
        ("MIRI", {"filter": "F770W"}),
        ("NIRCAM", {"filter": "F444W", "pupil": "F405N"}),
        ("NIRISS", {"filter": "CLEAR", "pupil": "F200W"}),
    ],
)
def test_whole_cache(resolved: Resolve, crds_cache: Path, instrument, elements):
    exposure = {**MIRI, "meta.instrument.name": instrument, "meta.instrument.detector": None}
    exposure |= {f"meta.instrument.{key}": value for key, value in elements.items()}
    exposure["meta.exposure.type"] = {"MIRI": "MIR", "NIRCAM": "NRC", "NIRISS": "NIS"}[instrument] + "_IMAGE"
    references = resolved(crds_cache, exposure)
    name = f"jwst_{instrument.lower()}"
    assert references.context == SYNTHETIC_CONTEXT
    assert references.files == {
        "apcorr": f"{name}_apcorr_9001.fits",
        "abvegaoffset": f"{name}_abvegaoffset_9001.asdf",
        "pars-assignmtwcsstep": None,
        "pars-tweakregstep": f"{name}_pars-tweakregstep_9001.asdf",
        "pars-skymatchstep": None,
        "pars-outlierdetectionstep": f"{name}_pars-outlierdetectionstep_9001.asdf",
        "pars-resamplestep": f"{name}_pars-resamplestep_9001.asdf",
        "pars-sourcecatalogstep": f"{name}_pars-sourcecatalogstep_9001.asdf",
        "pars-image3pipeline": None,
    }
    assert set(references.sha256) == {name for name in references.files.values() if name}
    assert references.caveats == []


def empty(cache: Path) -> None:
    """Crds would call sys.exit."""
    shutil.rmtree(cache)
    cache.mkdir()


def no_server_config(cache: Path) -> None:
    """Crds would call sys.exit."""
    (cache / "config/jwst/server_config").unlink()


def spoiled_server_config(cache: Path) -> None:
    """Crds would call sys.exit."""
    (cache / "config/jwst/server_config").write_text("{'observatory': ")


def no_context(cache: Path) -> None:
    """Stpipe would use defaults, and fail later."""
    pmap = cache / "mappings/jwst" / SYNTHETIC_CONTEXT
    pmap.rename(pmap.with_name("jwst_9999.pmap"))


def no_parameters(cache: Path) -> None:
    """The run would use defaults, and end well."""
    (cache / "references/jwst/miri/jwst_miri_pars-tweakregstep_9001.asdf").unlink()


def truncated_parameters(cache: Path) -> None:
    """The run would fail in the parser of another format."""
    truncate(cache / "references/jwst/miri/jwst_miri_pars-resamplestep_9001.asdf")


def no_apcorr(cache: Path) -> None:
    """The run would ask for a server."""
    (cache / "references/jwst/miri/jwst_miri_apcorr_9001.fits").unlink()


def truncated_apcorr(cache: Path) -> None:
    """The mosaic would be written, then a TypeError."""
    truncate(cache / "references/jwst/miri/jwst_miri_apcorr_9001.fits")


def edited_rmap(cache: Path) -> None:
    """Stpipe would use defaults without a word."""
    rmap = cache / "mappings/jwst/jwst_miri_pars-tweakregstep_9001.rmap"
    rmap.write_text(rmap.read_text().replace("2014", "2015"))


def no_rmap(cache: Path) -> None:
    """Stpipe would use defaults without a word."""
    (cache / "mappings/jwst/jwst_miri_pars-outlierdetectionstep_9001.rmap").unlink()


def apcorr_of_another_mode(cache: Path) -> None:
    """The run would fail before the mosaic."""
    name = "jwst_miri_apcorr_9001"
    write_rmap(cache / f"mappings/jwst/{name}.rmap", "miri", "apcorr", {"MIR_LYOT": f"{name}.fits"}, "test")


def apcorr_not_applicable(cache: Path) -> None:
    """The mosaic would be written, then a ValueError."""
    imap = cache / "mappings/jwst/jwst_miri_9001.imap"
    rules = ast.literal_eval(imap.read_text().split("selector = ")[1])
    write_imap(imap, "miri", {**rules, "APCORR": "N/A"}, "test")


def bad_reference(cache: Path) -> None:
    """CRDS marked a file as scientifically invalid."""
    server_config = cache / "config/jwst/server_config"
    marked = "'bad_files_list': ['jwst_miri_apcorr_9001.fits']"
    server_config.write_text(server_config.read_text().replace("'bad_files_list': []", marked))


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (empty, "no readable config/jwst/server_config"),
        (no_server_config, "no readable config/jwst/server_config"),
        (spoiled_server_config, "no readable config/jwst/server_config"),
        (no_context, rf"crds\.context={SYNTHETIC_CONTEXT} is not in the CRDS cache .*; there: jwst_9999\.pmap"),
        (no_parameters, r"jwst_miri_pars-tweakregstep_9001\.asdf cannot be read"),
        (truncated_parameters, r"jwst_miri_pars-resamplestep_9001\.asdf cannot be read"),
        (no_apcorr, r"jwst_miri_apcorr_9001\.fits cannot be read"),
        (truncated_apcorr, r"jwst_miri_apcorr_9001\.fits .*cannot be read"),
        (edited_rmap, "rules for pars-tweakregstep cannot be used: .*sha1sum mismatch"),
        (no_rmap, "rules for pars-outlierdetectionstep cannot be used"),
        (apcorr_of_another_mode, r"no apcorr for these data .*jwst_parameters\.source_catalog\.skip=true"),
        (apcorr_not_applicable, r"no apcorr for these data \(n/a\)"),
        (bad_reference, r"jwst_miri_apcorr_9001\.fits.*scientifically invalid"),
    ],
)
def test_spoiled_cache_is_refused_with_what_to_do(resolved: Resolve, cache: Path, spoil, message):
    spoil(cache)
    with pytest.raises(CrdsError, match=message) as error:
        resolved(cache)
    assert all(str(cache) in problem or "CRDS cannot be used" in problem for problem in error.value.problems)
    assert "scripts/crds_cache.py" in str(error.value) or "skip=true" in str(error.value)


def test_all_problems_at_once(resolved: Resolve, cache: Path):
    no_parameters(cache)
    no_apcorr(cache)
    with pytest.raises(CrdsError) as error:
        resolved(cache)
    assert len(error.value.problems) == 2


def test_apertures_missing_for_the_subarray_is_a_caveat(resolved: Resolve, crds_cache: Path):
    """The run ends well, with a mosaic."""
    references = resolved(crds_cache, {**MIRI, "meta.subarray.name": "MASK1550"})
    (caveat,) = references.caveats
    assert caveat.startswith("There will be no source catalogue: APCORR reference file data is missing")


def test_parameters_for_other_data_only_is_a_caveat(resolved: Resolve, cache: Path):
    name = "jwst_miri_pars-tweakregstep_9001"
    write_rmap(cache / f"mappings/jwst/{name}.rmap", "miri", "pars-tweakregstep", {"MIR_LYOT": f"{name}.asdf"}, "test")
    references = resolved(cache)
    assert references.files["pars-tweakregstep"] is None
    assert "CRDS has no pars-tweakregstep for these data" in references.caveats[0]


def test_no_catalogue_needs_no_apertures(resolved: Resolve, cache: Path):
    no_apcorr(cache)
    assert "apcorr" not in resolved(cache, skip=("source_catalog",)).files


def test_readonly_cache_is_enough(resolved: Resolve, cache: Path):
    """Root may write anywhere, so the proof is that nothing was written."""
    before = sorted(cache.rglob("*"))
    for path in [cache, *before]:
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        assert resolved(cache).caveats == []
        assert sorted(cache.rglob("*")) == before
    finally:
        for path in [cache, *before]:
            path.chmod(path.stat().st_mode | 0o200)


def test_crds_is_not_asked_about_the_lines_of_a_log(monkeypatch: pytest.MonkeyPatch, crds_cache: Path):
    seen: dict[str, str] = {}
    module = sys.modules[resolve.__module__]  # its name in the package is the function's
    monkeypatch.setattr(module, "_look_up", lambda parameters, *_: seen.update(parameters) or ["enough"])
    with pytest.raises(CrdsError, match="enough"):
        resolve(MIRI | {"cal_logs.calwebb_image2.0": "a line", "history.entries.0.description": "made"})
    assert seen == MIRI
