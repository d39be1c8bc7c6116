import numpy as np
import pytest
from scipy.sparse import csr_array

from app.pipeline.solution.least_squares import solve


def differences(pairs, n):
    """Rows that measure x[i] - x[j]."""
    rows = np.zeros((len(pairs), n))
    rows[np.arange(len(pairs)), [i for i, _ in pairs]] = 1
    rows[np.arange(len(pairs)), [j for _, j in pairs]] -= 1
    return csr_array(rows)


def chain(n, each):
    return [(i, i + 1) for i in range(n - 1) for _ in range(each)] + [(0, n - 1)] * each


def test_exact_measurements_give_exact_values():
    truth = np.array([0.0, 3.0, -1.0, 2.0])
    rows = csr_array(np.concatenate([differences(chain(4, 1), 4).toarray(), np.eye(4)[:1]]))
    found = solve(rows, rows @ truth, np.full(5, 0.1))
    np.testing.assert_allclose(found.values, truth, atol=1e-9)
    np.testing.assert_allclose(found.residuals, 0, atol=1e-9)
    assert np.all(np.isfinite(found.errors))


def test_outliers_have_no_say_and_are_known():
    rng = np.random.default_rng(1)
    truth = rng.normal(size=20)
    rows = differences(chain(20, 6), 20)
    values = rows @ truth + rng.normal(0, 0.01, rows.shape[0])
    wrong = rng.choice(rows.shape[0], rows.shape[0] // 5, replace=False)
    values[wrong] += rng.uniform(-1, 1, len(wrong)) + 0.5
    found = solve(rows, values, np.full(len(values), 0.01), prior_sigmas=np.full(20, 100.0))
    off = found.values - truth
    assert np.std(off) < 0.02
    far = np.setdiff1d(np.flatnonzero(np.abs(values - rows @ truth) > 0.2), [])
    assert np.all(found.weights[far] < 0.1)


@pytest.mark.parametrize("given", [0.01, 0.03])
def test_errors_are_those_of_the_values_whatever_the_unit_of_the_sigmas(given):
    rng = np.random.default_rng(2)
    rows = csr_array(np.concatenate([differences(chain(8, 8), 8).toarray(), np.eye(8)]))
    pulls = []
    for _ in range(60):
        truth = rng.normal(size=8)
        found = solve(rows, rows @ truth + rng.normal(0, 0.01, rows.shape[0]), np.full(rows.shape[0], given))
        pulls.append((found.values - truth) / found.errors)
    assert 0.88 < np.std(pulls) < 1.12


def test_errors_hold_for_blocks_of_two_axes_and_few_measurements():
    rng = np.random.default_rng(3)
    one = differences(chain(6, 2), 6).toarray()
    rows = csr_array(np.concatenate([np.kron(np.eye(2), one), np.eye(12) / 10]))
    m = len(one)
    blocks = np.concatenate([np.arange(m), np.arange(m), m + np.arange(6), m + np.arange(6)])
    sigmas = np.where(blocks < m, 0.01, 0.1)
    pulls = []
    for _ in range(60):
        truth = rng.normal(size=12)
        found = solve(rows, rows @ truth + rng.normal(0, sigmas), sigmas, blocks=blocks)
        pulls.append((found.values - truth) / found.errors)
        assert np.array_equal(found.weights[:m], found.weights[m : 2 * m])
    assert 0.85 < np.std(pulls) < 1.15


def test_a_prior_holds_what_is_not_measured_and_gives_way_to_what_is():
    rows = differences([(0, 1)] * 9, 3)
    found = solve(rows, np.full(9, 1.0), np.full(9, 0.01), prior_sigmas=[1.0, 1.0, 0.5])
    np.testing.assert_allclose(found.values, [0.5, -0.5, 0], atol=1e-4)
    assert found.errors[0] == pytest.approx(0.5**0.5, rel=0.01)
    assert found.errors[2] == pytest.approx(0.5)
    assert found.components[0] == found.components[1] != found.components[2]


def test_what_nothing_constrains_is_said():
    rows = csr_array(np.concatenate([differences(chain(4, 3), 6).toarray(), np.eye(6)[4:5]]))
    found = solve(rows, np.ones(rows.shape[0]), np.full(rows.shape[0], 0.1))
    assert np.all(np.isinf(found.errors[[0, 1, 2, 3, 5]]))
    assert np.all(found.values[[0, 1, 2, 3, 5]] == 0)
    assert found.values[4] == pytest.approx(1)
    assert np.isfinite(found.errors[4])


def test_without_measurements_there_is_the_prior():
    found = solve(csr_array((0, 2)), [], [], prior_sigmas=[0.1, np.inf])
    assert found.values.tolist() == [0, 0]
    assert found.errors.tolist() == [pytest.approx(0.1), np.inf]


def test_a_single_measurement_has_the_error_that_was_given():
    found = solve(csr_array(np.eye(1)), [2.0], [0.1])
    assert found.values[0] == pytest.approx(2)
    assert found.errors[0] == pytest.approx(0.1, rel=0.05)


def test_the_order_of_the_rows_does_not_matter():
    rng = np.random.default_rng(4)
    rows = differences(chain(30, 5), 30)
    values = rng.normal(size=rows.shape[0])
    order = rng.permutation(len(values))
    one, other = (
        solve(rows[o], values[o], np.ones(len(values)), prior_sigmas=np.ones(30))
        for o in (np.arange(len(values)), order)
    )
    np.testing.assert_allclose(one.values, other.values, atol=1e-4)


def places_of_stars(rng, n_groups=6, n_stars=40, sigma=0.01):
    """Each group sees half of the stars, all displaced by its own shift: rows, values, and the shifts."""
    seen = rng.random((n_groups, n_stars)) < 0.5
    seen[:, np.sum(seen, axis=0) < 1] = True
    group, star = np.nonzero(seen)
    shifts, stars = rng.normal(size=n_groups), rng.uniform(-50, 50, n_stars)
    rows = np.zeros((len(group), n_groups + n_stars))
    rows[np.arange(len(group)), group] = 1
    rows[np.arange(len(group)), n_groups + star] = 1
    return csr_array(rows), stars[star] + shifts[group] + rng.normal(0, sigma, len(group)), shifts


def test_eliminating_nuisance_changes_nothing_but_the_time():
    rows, values, _ = places_of_stars(np.random.default_rng(5))
    prior = np.where(np.arange(46) < 6, 1.0, np.inf)
    whole = solve(rows, values, np.full(len(values), 0.01), prior_sigmas=prior)
    less = solve(rows, values, np.full(len(values), 0.01), prior_sigmas=prior, n_nuisance=40)
    np.testing.assert_allclose(less.values, whole.values, atol=1e-5)
    np.testing.assert_allclose(less.errors[:6], whole.errors[:6], rtol=1e-3)
    assert np.all(np.isnan(less.errors[6:]))


def test_errors_do_not_speak_of_what_is_free():
    rng = np.random.default_rng(6)
    pulls, errors = [], []
    for _ in range(60):
        rows, values, truth = places_of_stars(rng)
        prior = np.where(np.arange(46) < 6, 3.0, np.inf)
        found = solve(rows, values, np.full(len(values), 0.02), prior_sigmas=prior, n_nuisance=40, free=np.ones((6, 1)))
        off = found.values[:6] - truth
        pulls.append((off - off.mean()) / found.errors[:6])
        errors.append(found.errors[:6])
    assert 0.85 < np.std(pulls) < 1.15
    assert np.max(errors) < 0.01
