"""Neither the number of processes nor the place of the exposures changes a bit; what is not divided, or dies."""

import os
import signal

import pytest
from astropy.io import fits

from app.pipeline.divided import outliers
from app.runtime.errors import MemoryExceededError
from tests.pipeline.divided.both import ours

_PARAMETERS = {"skymatch": {"skymethod": "match"}}
_FALLBACK = {
    "outlier_detection": {"kernel": "point", "save_intermediate_results": True},
    "resample": {"propagate_dq": True},
}


def arrays(products, without=()):
    for path in [*products.exposures, products.mosaic]:
        with fits.open(path) as file:
            for hdu in file:
                if hdu.name == "HDRTAB":
                    yield from (
                        (f"{path.name} {column}", hdu.data[column])
                        for column in hdu.columns.names
                        if column not in without
                    )
                elif hdu.name not in ("PRIMARY", "ASDF"):
                    yield f"{path.name} {hdu.name}", hdu.data.copy()


def assert_same_bits(made, expected, without=()):
    for (name, array), (_, expectation) in zip(arrays(made, without), arrays(expected, without), strict=True):
        assert array.tobytes() == expectation.tobytes(), name


@pytest.fixture(scope="module")
def one_process(nircam, crds, tmp_path_factory):
    return ours(nircam, tmp_path_factory.mktemp("one"), crds, _PARAMETERS, procs=1, memory="in_memory")


@pytest.mark.parametrize("procs", [2, 4])
def test_number_of_processes_changes_nothing(procs, one_process, nircam, crds, tmp_path):
    assert_same_bits(ours(nircam, tmp_path, crds, _PARAMETERS, procs=procs, memory="lean"), one_process)


def test_parameters_that_are_not_divided_run_in_jwsts_way(nircam, crds, tmp_path, caplog):
    made = {}
    for memory in ("lean", "in_memory"):
        (tmp_path / memory).mkdir()
        with caplog.at_level("INFO", logger="app"):
            made[memory] = ours(nircam, tmp_path / memory, crds, _FALLBACK, procs=2, memory=memory)
        assert "outlier_detection: these parameters are not divided among processes" in caplog.messages
        caplog.clear()
    # jwst keeps exposures in files meanwhile where memory is lean, and dates each when it writes it.
    assert_same_bits(made["lean"], made["in_memory"], without=["DATE"])


def killed(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def test_process_that_is_killed_ends_the_run(nircam, crds, tmp_path, monkeypatch):
    monkeypatch.setattr(outliers, "_drizzle", killed)
    with pytest.raises(MemoryExceededError, match="procs=2"):
        ours(nircam, tmp_path, crds, {"tweakreg": {"skip": True}, "skymatch": {"skip": True}}, procs=2)
