import numpy as np
import pytest
from astropy.table import Table

from app.assess.measure.catalogue import read_catalogue


@pytest.mark.parametrize("n", [0, 5])
def test_a_catalogue_is_counted(tmp_path, n):
    path = tmp_path / "x_cat.ecsv"
    table = Table({"label": np.arange(n), "aper_total_abmag": [20.1, 20.2, 22.0, np.nan, 19.9][:n]})
    table["is_extended"] = np.array([True, False, True, False, False][:n], dtype=bool)
    table["text"] = ["a b", "", "c", "d", "e"][:n]
    table.write(path, format="ascii.ecsv")
    found = read_catalogue(path)
    assert (found.n_sources, found.n_extended) == (n, 2 if n else 0)
    assert found.magnitudes == ([(19.75, 1), (20.0, 2), (22.0, 1)] if n else [])
