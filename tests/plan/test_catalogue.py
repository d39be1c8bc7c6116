"""Reading an absolute catalogue: columns, units, proper motions."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import MaskedColumn, Table
from astropy.time import Time

from app.plan.catalogue import mean_epoch
from app.plan.catalogue_table import read_catalogue
from app.runtime.errors import InputError
from tests.factories import make_exposure


@pytest.fixture
def read(tmp_path):
    """Write a table and read it as a catalogue."""

    def read(name="cat.ecsv", **columns):
        Table(columns).write(tmp_path / name, overwrite=True)
        return read_catalogue(tmp_path / name)

    return read


@pytest.mark.parametrize(
    "columns",
    [
        {"ra": [10.0], "Dec": [-20.0]},
        {"RA": [10.0] * u.deg, "dec": [-20.0] * u.deg, "mag": [3.0]},
        {"sky_centroid": SkyCoord([10.0], [-20.0], unit="deg")},
        {"sky_centroid": SkyCoord([10.0], [-20.0], unit="deg").galactic},
    ],
)
def test_positions(read, columns):
    np.testing.assert_allclose(read(**columns).positions, [[10.0, -20.0]], rtol=1e-9)


@pytest.mark.parametrize("name", ["cat.fits", "cat.csv"])
def test_forms(read, name):
    assert read(name, RA=[10.0], DEC=[2.0]).positions.tolist() == [[10.0, 2.0]]


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"x": [1.0], "y": [2.0]}, "has neither columns RA and DEC nor sky_centroid; there are x, y"),
        ({"RA": [1.0], "mag": [2.0]}, "there are RA, mag"),
        ({"RA": [1.0], "ra": [1.0], "DEC": [2.0]}, "more than one column"),
        ({"RA": ["01:36:41.7"], "DEC": [15.0]}, "column ra holds '01:36:41.7': numbers are needed"),
        ({"RA": [1.6] * u.hourangle, "DEC": [15.0]}, "column ra is in hourangle: write it in deg"),
        ({"RA": [1.6], "DEC": [0.2] * u.rad}, "column dec is in rad: write it in deg"),
        ({"RA": [1.6], "DEC": [91.0]}, "1 of 1 rows have a declination beyond 90 degrees"),
        (
            {"RA": [1.0], "DEC": [2.0], "pmra": [1.0] * u.arcsec / u.yr},
            "column pmra is in arcsec / yr: write it in mas",
        ),
        ({"sky_centroid": ["1.0,2.0"]}, "column sky_centroid holds no positions"),
    ],
)
def test_what_cannot_be_used(read, columns, problem):
    with pytest.raises(InputError) as error:
        read(**columns)
    assert problem in str(error.value)
    assert "abs_refcat=" in str(error.value)


def test_rows_without_a_position_are_left_out(read):
    found = read(RA=MaskedColumn([1.0, 2.0, 3.0], mask=[False, True, False]), DEC=[1.0, 1.0, np.nan])
    assert found.positions.tolist() == [[1.0, 1.0]]


def test_stars_move_along_great_circles_as_gaia_means_it(read):
    """A star at 60 degrees whose right ascension changes by 100 mas a year on the sky: twice that in the coordinate."""
    found = read(
        ra=[10.0, 20.0],
        dec=[60.0, 0.0],
        pmra=[100.0, 0.0] * u.mas / u.yr,
        pmdec=[0.0, -50.0],
        ref_epoch=[2016.0, 2020.0],
    )
    moved = found.at(2026.0)
    east, north = ((moved.positions - found.positions) * 3.6e6).T
    np.testing.assert_allclose(east, [2000.0, 0.0], atol=0.01)
    np.testing.assert_allclose(north, [0.0, -300.0], atol=0.01)
    assert found.motion_until(2026.0) == pytest.approx((1000 + 300) / 2)


def test_stars_without_proper_motion_are_left_out_as_those_of_online_catalogues(read):
    nan = float("nan")
    found = read(
        RA=[1.0, 2.0], DEC=[1.0, 1.0], pmra=[1.0, nan], pmdec=[1.0, nan], ref_epoch=[2016.0] * 2, weight=[3.0, 4.0]
    )
    assert (len(found), len(found.at(2023.5))) == (2, 1)
    assert found.at(2023.5).weights.tolist() == [3.0]


def test_errors_grow_by_those_of_the_motions(read, tmp_path):
    """4 years at 1 mas a year are 4 mas; each axis for itself, and a row that is left out takes its own along."""
    nan = float("nan")
    found = read(
        RA=[1.0, 2.0, 3.0], DEC=[1.0] * 3, ra_error=[3.0, 7.0, 1.0], dec_error=[0.5, 7.0, 2.0] * u.mas,
        pmra=[1.0, nan, 1.0], pmdec=[1.0, nan, 1.0], ref_epoch=[2016.0, 2016.0, 2020.0],
        pmra_error=[1.0, nan, nan] * u.mas / u.yr, pmdec_error=[0.0, nan, nan],
    ).at(2020.0)  # fmt: skip
    np.testing.assert_allclose(found.errors, [[5.0, 0.5], [1.0, 2.0]])
    written = Table.read(found.write(tmp_path))
    np.testing.assert_allclose(np.stack([written["ra_error"], written["dec_error"]], axis=1), found.errors)


def test_errors_stay_where_nothing_moves(read):
    found = read(RA=[1.0], DEC=[2.0], ra_error=[3.0], dec_error=[4.0])
    assert found.at(2050.0).errors.tolist() == [[3.0, 4.0]]
    with pytest.raises(InputError, match="ra_error is in arcsec: write it in mas"):
        read(RA=[1.0], DEC=[2.0], ra_error=[3.0] * u.arcsec)


def test_without_motions_or_epoch_nothing_moves(read):
    still = read(RA=[1.0], DEC=[2.0], pmra=[1000.0], pmdec=[1000.0])
    assert not still.moves
    assert still.at(2050.0).positions.tolist() == still.positions.tolist()


def test_what_is_written_is_read_by_jwst(read, tmp_path):
    from stcal.tweakreg.tweakreg import _parse_refcat

    found = read(RA=[1.0], DEC=[2.0], weight=[0.5], pmra=[7.0], pmdec=[0.0], ref_epoch=[2016.0]).at(2020.0)
    table = _parse_refcat(found.write(tmp_path), [], None, {}, Time(2020.0, format="jyear"))
    assert table.colnames == ["RA", "DEC", "weight"]
    assert table["RA"][0] == found.positions[0, 0]


def test_rows_in_the_footprints_and_around_them(read):
    exposure = make_exposure(
        "jw01234001001_02101_00001_mirimage_cal.fits", s_region="POLYGON ICRS 359.99 0 0.01 0 0.01 0.02 359.99 0.02"
    )
    found = read(RA=[0.0, 0.01 + 2 / 3600, 180.0, 0.02], DEC=[0.01, 0.01, 0.0, 0.01])
    assert found.inside([exposure]).tolist() == [True, False, False, False]
    assert found.inside([exposure], margin=3.0).tolist() == [True, True, False, False]


def test_the_epoch_of_exposures_is_amid_them():
    name = "jw01234001001_02101_00001_mirimage_cal.fits"
    exposures = [make_exposure(name, date=date) for date in ("2022-07-01", "2022-07-02", "", "2024-07-01")]
    assert mean_epoch(exposures) == pytest.approx(2023.5, abs=0.01)
    assert mean_epoch(exposures[2:3]) is None
