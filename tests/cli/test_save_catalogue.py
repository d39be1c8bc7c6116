"""action=catalogue against a service on this machine: what is asked, what is saved, and what is refused."""

from contextlib import contextmanager

import numpy as np
import pytest
from astropy.table import Table
from stcal.tweakreg import astrometric_utils

from app.cli.save_catalogue import save_catalogue
from app.plan.catalogue_table import read_catalogue
from app.plan.checks import look_ahead
from app.plan.plan import make_plan
from app.runtime.errors import ConfigError, InputError
from app.runtime.patched import patched
from tests.cli.services import HEAD, service
from tests.runs import make_step


@pytest.fixture
def save(miri, crds, tmp_path):
    """Save a catalogue, with a service that answers so; the path and the questions."""

    @contextmanager
    def asking(config, **answer):
        with service(**answer) as (url, asked), patched(astrometric_utils, "SERVICELOCATION", url):
            yield save_catalogue(config), asked

    def save(name="gaia.ecsv", *, overwrite=False, abs_refcat="", **answer):
        options = {"jwst_parameters": {"tweakreg": {"abs_refcat": abs_refcat}}} if abs_refcat else {}
        options |= {"save_catalogue": name and str(tmp_path / name), "overwrite": overwrite}
        with asking(make_step(miri, tmp_path / "out", crds, **options).config, **answer) as found:
            return found

    return save


def test_gaia_is_asked_for_the_field_without_an_epoch_and_saved_with_motions(save, miri, crds):
    path, (asked,) = save("new/folder/gaia.ecsv")
    assert asked["path"] == "/webservices/vo/CatalogSearch.aspx"
    assert (asked["CAT"], asked["FORMAT"], "EPOCH" in asked) == ("GAIADR3", "CSV", False)
    assert 0.025 < float(asked["SR"]) < 0.05  # the footprints and 90 arcsec
    table = Table.read(path)
    assert table.colnames == ["ra", "dec", "pmra", "pmdec", "ref_epoch", "mag", "source_id"]
    assert (str(table["pmra"].unit), len(table), table.meta["catalogue"]) == ("mas / yr", 500, "GAIADR3")
    found = read_catalogue(path)
    assert (found.moves, len(found), len(found.at(2024.0))) == (True, 500, 499)
    assert np.abs(found.positions[:, 0] - float(asked["RA"])).max() < 0.05


def test_what_is_saved_serves_a_run_without_a_network(save, miri, crds, tmp_path):
    path, _ = save()
    parameters = {"tweakreg": {"abs_refcat": str(path)}}
    config = make_step(miri, tmp_path / "out", crds, jwst_parameters=parameters, offline=True).config
    outlook = look_ahead(make_plan(config))
    assert not outlook.problems
    assert "positions are moved to epoch" in " ".join(outlook.notes)


def test_the_catalogue_of_the_run_is_asked_for(save):
    assert save(abs_refcat="gaiadr2")[1][0]["CAT"] == "GAIADR2"


def test_what_is_not_ours_is_never_replaced(save, tmp_path):
    (tmp_path / "notes.ecsv").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(ConfigError, match="was not saved by action=catalogue"):
            save("notes.ecsv", overwrite=overwrite)
    assert (tmp_path / "notes.ecsv").read_text() == "mine"
    (tmp_path / "link.ecsv").symlink_to("notes.ecsv")
    with pytest.raises(ConfigError, match="was not saved by action=catalogue"):
        save("link.ecsv", overwrite=True)
    path, _ = save()
    before = path.stat().st_ino
    with pytest.raises(ConfigError, match="overwrite=true replaces it"):
        save()
    assert save(overwrite=True)[0].stat().st_ino != before


@pytest.mark.parametrize(("name", "message"), [(None, "save_catalogue: not given"), ("gaia.csv", "write gaia.ecsv")])
def test_where_it_goes_has_to_be_said(save, name, message):
    with pytest.raises(ConfigError, match=message):
        save(name)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"answer": "<html><body>The service is down</body></html>\n", "status": 503}, "the answer is no"),
        ({"answer": "No data records found\n"}, "no star there; another catalogue"),
        ({"answer": "ra,dec,mag\n24.2,15.7,18\n"}, "it has no pmra, pmdec, ref_epoch, but 'ra', 'dec', 'mag'"),
        ({"answer": f"{HEAD}\n1,1:36:41,15.7,18,2016,1,1,0,G\n"}, "ra holds '1:36:41'"),
        ({"answer": f"{HEAD}\n1,24.2,95,18,2016,1,1,0,G\n"}, "ra or dec are no places on the sky"),
        ({"length": 10**6}, "no answer"),  # cut off
    ],
)
def test_an_answer_that_is_no_catalogue_leaves_no_file(save, tmp_path, answer, message):
    with pytest.raises(InputError, match=r"GAIADR3 within .* from http://127.0.0.1") as error:
        save(**answer)
    assert message in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == []


def test_without_a_network_it_is_said_what_to_do(miri, crds, tmp_path):
    config = make_step(miri, tmp_path / "out", crds, save_catalogue=str(tmp_path / "gaia.ecsv")).config
    closed = patched(astrometric_utils, "SERVICELOCATION", "http://127.0.0.1:9/webservices")
    with (
        closed,
        pytest.raises(InputError, match=r"no answer .*try again where there is a network.*ASTROMETRIC_CATALOG"),
    ):
        save_catalogue(config)
    assert list(tmp_path.iterdir()) == []
