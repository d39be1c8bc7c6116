"""Surveys as lists of stars, whose true corrections are known."""

from dataclasses import dataclass

import numpy as np

from app.pipeline.solution.alignment import Aligned, Options
from app.pipeline.solution.geometry import matrix, moved
from app.pipeline.solution.stars import Group

OPTIONS = Options(geometry="rshift", radius=2.0, tolerance=0.16)


@dataclass
class Field:
    """Groups of square exposures, the stars that they share, and the correction that each needs."""

    groups: list[Group]
    truth: list[np.ndarray]  # unknowns that put each group's true centre in place
    stars: np.ndarray
    size: float

    def corners(self, index: int) -> np.ndarray:
        """True places of an exposure's corners and middle."""
        return self.middles[index] + self.size / 2 * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (0, 0)])

    middles: np.ndarray = None
    spoil: list = None

    def residuals(self, found: Aligned, on_sky: bool = False, tied_only: bool = False) -> np.ndarray:
        """Error of corners and middle of each group [arcsec], shape (n, 5, 2), without what none can know."""
        chosen = found.tied if tied_only else range(len(self.truth))
        places = np.array([self.corners(i) for i in chosen])
        pairs = list(zip(chosen, places, strict=True))
        off = np.array([moved(self.spoil[i](at), found.groups[i].centre, found.fit.values[i]) - at for i, at in pairs])
        return off if on_sky else without_common(off, places)


def without_common(off, places, kinds=None):
    """Offsets without the rotation that all have in common, and the shift that all of a kind (by exposure) have."""
    flat, at = off.reshape(-1, 2), places.reshape(-1, 2)
    kind = np.repeat(np.zeros(len(off)) if kinds is None else kinds, off.shape[1])
    shifts = (kind[:, None] == np.unique(kind)).astype(float)
    none = np.zeros_like(shifts)
    a = np.concatenate([np.hstack([shifts, none, -at[:, 1:]]), np.hstack([none, shifts, at[:, :1]])])
    common = a @ np.linalg.lstsq(a, flat.T.ravel(), rcond=None)[0]
    return (flat - common.reshape(2, -1).T).reshape(off.shape)


def make_field(
    *,
    side,
    density,
    seed=1,
    size=56.0,
    overlap=0.18,
    dithers=1,
    pointing=0.08,
    roll=0.0,
    noise=0.004,
    false=0.01,
    lost=0.2,
    empty=None,
) -> Field:
    """A square grid of pointings on a random sky.

    Parameters are the pointings a side, stars and false detections per arcsec2, errors of pointing an axis [arcsec], of
    roll [deg] and of places [arcsec], the share of stars that each exposure misses, and row and column of a pointing
    that sees none.
    """
    rng = np.random.default_rng(seed)
    step = size * (1 - overlap)
    extent = step * (side - 1) + size
    stars = rng.uniform(-size / 2, extent - size / 2, (rng.poisson(density * extent**2), 2))
    groups, truth, middles, spoil = [], [], [], []
    for pointing_index in range(side**2):
        for dither in range(dithers):
            middle = step * np.array(divmod(pointing_index, side)) + rng.normal(0, 2, 2) * (dither > 0)
            inside = np.all(np.abs(stars - middle) < size / 2, axis=1) & (rng.random(len(stars)) > lost)
            values = np.array([*rng.normal(0, pointing, 2), np.radians(rng.normal(0, roll))])
            inside &= divmod(pointing_index, side) != empty
            wrong = rng.uniform(-size / 2, size / 2, (rng.poisson(false * size**2), 2)) + middle

            def spoiled(places, values=values, middle=middle):
                return (places - middle - values[:2]) @ np.linalg.inv(matrix(values)).T + middle

            seen = np.concatenate([stars[inside] + rng.normal(0, noise, (inside.sum(), 2)), wrong])
            points = spoiled(rng.permutation(seen))
            groups.append(Group(f"group{len(groups)}", points, np.full(len(points), 0.006)))
            truth.append(values)
            middles.append(middle)
            spoil.append(spoiled)
    return Field(groups, truth, stars, size, np.array(middles), spoil)
