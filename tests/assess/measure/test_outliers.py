import numpy as np

from app.assess.measure.outliers import DO_NOT_USE, OUTLIER, count_flagged
from app.assess.measure.stars import Stars


def test_outliers_are_counted_among_pixels_that_were_good_and_in_cores():
    before, after = np.zeros((2, 40, 40), dtype=np.uint32)
    before[0] = DO_NOT_USE
    after[0] = DO_NOT_USE | OUTLIER  # was of no use before
    after[20, 20:22] = DO_NOT_USE | OUTLIER
    after[30, 5] = DO_NOT_USE | OUTLIER
    stars = Stars(np.array([20.3, 10.0]), np.array([19.8, 10.0]), np.ones(2), np.ones(2), np.ones(2, bool))
    found = count_flagged(before, after, stars, fwhm=2.0)
    assert (found.n_good, found.n_flagged) == (39 * 40, 3)
    np.testing.assert_array_equal(found.cores, [[9, 2], [9, 0]])
