"""Shift, turn and scale with their errors, on places anywhere, some of them wrong."""

import numpy as np
import pytest

from app.assess.measure.similarity import fit_similarity

CORNERS = np.array([[-30.0, -30.0], [30.0, -30.0], [30.0, 30.0], [-30.0, 30.0]])


def moved(places, shift=(0.0, 0.0), turn=0.0, scale=1.0):
    """Moves of places that are turned [deg, from north through east] and stretched about (5, -3), and shifted."""
    cosine, sine = scale * np.cos(np.radians(turn)), scale * np.sin(np.radians(turn))
    arms = places - [5.0, -3.0]
    return arms @ np.array([[cosine, -sine], [sine, cosine]]) - arms + shift


def test_what_was_done_is_found():
    places = np.random.default_rng(1).uniform(-30, 30, (40, 2))
    fit = fit_similarity(places, moved(places, (0.2, -0.1), 0.05, 1.0003))
    np.testing.assert_allclose(fit.at(CORNERS), moved(CORNERS, (0.2, -0.1), 0.05, 1.0003), atol=1e-10)
    assert fit.rotation == pytest.approx(0.05, rel=1e-6)
    assert fit.scale == pytest.approx(1.0003, rel=1e-9)


def test_a_turn_from_north_through_east_moves_the_north_to_the_east():
    assert moved(np.array([[5.0, 7.0]]), turn=1.0)[0, 0] > 0


@pytest.mark.parametrize("n", [4, 6, 10, 30, 150])
@pytest.mark.parametrize("share_wrong", [0.0, 0.2])
def test_errors_are_those_that_are_made(n, share_wrong):
    """Pulls at corners far from the stars: their width is 1; a few stars have a Student distribution's."""
    rng = np.random.default_rng(n)
    pulls, turns = [], []
    for _ in range(400):
        places = rng.uniform(-30, 10, (n, 2))
        moves = moved(places, (0.02, 0.01), 0.03) + rng.normal(0, 0.005, (n, 2))
        wrong = rng.choice(n, int(share_wrong * n) if n >= 10 else 0, replace=False)
        moves[wrong] += rng.uniform(-0.1, 0.1, (len(wrong), 2))
        fit = fit_similarity(places, moves)
        pulls.append((fit.at(CORNERS) - moved(CORNERS, (0.02, 0.01), 0.03)) / fit.error_at(CORNERS)[:, None])
        turns.append((fit.rotation - 0.03) / fit.rotation_error)
    for found in (np.array(pulls), np.array(turns)):
        width = np.quantile(np.abs(found), 0.683)
        assert 0.8 < width < (1.35 if n < 10 else 1.2)
        assert np.mean(np.abs(found) > 5) < 0.02
