"""The table of what alignment did: written, read, refused."""

import numpy as np
import pytest
from astropy.table import Table

from app.plan.corrections import TABLE_NAME, Correction, follow_problems, read_corrections, write_corrections
from app.runtime.errors import InputError
from tests.factories import make_exposure

ONE = Correction(
    "jw01234001001_02101_00001_mirimage_cal.fits", "jw01234001001", "MIRIMAGE", "jw01234001001_02101_00001",
    24.1, 15.7, (0.1, -0.2, 3e-4, 1e-5, 0.0, 0.0), 0.002, 12,
)  # fmt: skip
OTHER = Correction("b.fits", "jw01234002001", "MIRIMAGE", "b", 24.2, 15.7, (0.0,) * 6)


def write(folder, *corrections):
    write_corrections(corrections, folder / TABLE_NAME, alignment="solution")
    return folder


def test_what_is_written_is_read(tmp_path):
    write(tmp_path, ONE, OTHER)
    for place in (tmp_path, tmp_path / TABLE_NAME, tmp_path / "lv3_run.json"):
        first, second = read_corrections(place)
        np.testing.assert_allclose(first.values, ONE.values, atol=1e-15)
        assert (first.file, first.visit, first.n_stars, first.error) == (ONE.file, ONE.visit, 12, 0.002)
        assert (first.moved, second.moved) == (True, False)
        assert np.isnan(second.error)


def test_the_table_explains_itself(tmp_path):
    table = Table.read(write(tmp_path, ONE) / TABLE_NAME)
    assert table["rotation"][0] == pytest.approx(np.degrees(3e-4))
    assert str(table["rotation"].unit) == "deg"
    assert all(table[name].info.description for name in table.colnames)
    assert table.meta["alignment"] == "solution"


def test_what_is_no_table_is_refused(tmp_path):
    with pytest.raises(InputError, match="there is no "):
        read_corrections(tmp_path)
    (tmp_path / TABLE_NAME).write_text("nonsense")
    with pytest.raises(InputError, match="cannot be read"):
        read_corrections(tmp_path)
    Table({"a": [1]}).write(tmp_path / TABLE_NAME, format="ascii.ecsv", overwrite=True)
    with pytest.raises(InputError, match="has no column file, visit"):
        read_corrections(tmp_path)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("jw01234001001_02101_00007_mirimage_cal.fits", None),
        ("jw01234009001_02101_00001_mirimage_cal.fits", "is of other visits: it has none of jw01234009001; there are"),
        ("jw09999001001_02101_00001_mirimage_cal.fits", "of other visits, of another program"),
        ("jw01234002001_02101_00001_mirimage_cal.fits", "did not align jw01234002001"),
    ],
)
def test_visits_that_cannot_be_followed(name, said):
    problems = follow_problems([ONE, OTHER], [make_exposure(name)], "out/F300M")
    assert [said in problem for problem in problems] == ([True] if said else [])
    assert all(problem.startswith("align_from=out/F300M: ") for problem in problems)
