"""Figures of the report, from the record's measurements; each function gives SVG, or None where there is nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from app.assess.findings.limits import most_in_cores
from app.report.style import BEFORE, COLOURS, Figure, colour_of, drawing, plain_decades, to_svg

__all__ = [
    "alignment",
    "footprints",
    "magnitudes",
    "offsets",
    "outlier_map",
    "outliers",
    "sky_levels",
    "sky_steps",
    "unused",
]

Entries = Sequence[dict[str, Any]]

#: Groups that a legend names.
NAMED = 8


def footprints(exposures: Entries) -> Markup | None:
    """Outlines of the exposures on the sky, coloured by the group in which they were aligned."""
    if not exposures:
        return None
    colours = colour_of([e["group"] for e in exposures])
    corners = np.concatenate([e["footprint"] for e in exposures])
    with drawing():
        figure, axes = _sky_axes(corners)
        for exposure in exposures:
            outline = np.array([*exposure["footprint"], exposure["footprint"][0]])
            colour = colours[exposure["group"]]
            axes.fill(*outline.T, facecolor=colour, alpha=0.06, edgecolor="none")
            axes.plot(*outline.T, color=colour, lw=1)
        if len(colours) <= NAMED:
            for group, colour in colours.items():
                axes.plot([], [], color=colour, label=group)
            axes.legend(loc="upper center", bbox_to_anchor=(0.45, -0.17), fontsize=6.5, ncols=2, columnspacing=1)
        return to_svg(figure, "Footprints of the exposures, coloured by group")


def alignment(exposures: Entries) -> Markup | None:
    """Arrows, from the middle of each exposure, along the shift that alignment gave it."""
    if not any(any(e["shift"]) for e in exposures if e["moved"]):
        return None
    colours = colour_of([e["group"] for e in exposures])
    places = np.array([np.mean(e["footprint"], axis=0) for e in exposures])
    shifts = np.array([e["shift"] for e in exposures])
    longest = float(np.hypot(*shifts.T).max())
    with drawing():
        figure, axes = _sky_axes(places, margin=0.35)  # arrows extend beyond the positions where they begin
        paint = [colours[e["group"]] for e in exposures]
        axes.scatter(places[:, 0], places[:, 1], c=paint, s=10)
        # East is to the left in this plot.
        arrows = axes.quiver(
            *places.T, -shifts[:, 0], shifts[:, 1], color=paint, scale=4 * longest, width=0.006, angles="uv"
        )
        key = float(f"{longest:.1g}")
        axes.quiverkey(arrows, 0.8, 1.04, key, f"{key:g}\u2033", labelpos="E")
        return to_svg(figure, "Shifts of the exposures as arrows on the sky")


def _sky_axes(points: np.ndarray, margin: float = 0.1) -> tuple[Figure, Axes]:
    """Axes in which the sky is not distorted, around points (n, 2) [deg]; the margin is a share of their extent."""
    figure, axes = _axes(height=4.2, bottom=0.24)
    shrink = float(np.cos(np.radians(points[:, 1].mean())))
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    half = (0.5 + margin) * max(float(np.max(np.ptp(points, axis=0) * [shrink, 1])), 1 / 3600)
    (right, left), (low, high) = (m + np.array([-half, half]) / f for m, f in zip(middle, (shrink, 1), strict=True))
    axes.set(xlim=(left, right), ylim=(low, high), xlabel="right ascension [deg]", ylabel="declination [deg]")
    axes.set_aspect(1 / shrink)
    axes.locator_params(nbins=3)
    return figure, axes


def offsets(overlaps: Entries) -> Markup | None:
    """How far the stars that two exposures share lie apart, before and after alignment."""
    shared = [o for o in overlaps if o["offset"] is not None]
    if not shared:
        return None
    before, after = (np.hypot(*np.array([o[key] for o in shared]).T) for key in ("offset_before", "offset"))
    with drawing():
        figure, axes = _axes()
        # Offsets below a tenth of a milliarcsecond are not measurable, and zero has no logarithm.
        values = [np.maximum(v, 1e-4) for v in (before, after)]
        edges = np.geomspace(min(v.min() for v in values) / 1.3, max(v.max() for v in values) * 1.3, 25).tolist()
        for value, colour, label in zip(values, (BEFORE, COLOURS[0]), ("before", "after"), strict=True):
            axes.hist(value, edges, color=colour, alpha=0.75, label=label)
        axes.set(xscale="log", xlabel="offset between overlapping exposures [arcsec]", ylabel="overlaps")
        plain_decades(axes.xaxis)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="lower right", bbox_to_anchor=(1, 0.97), ncols=2)
        return to_svg(figure, "Offsets between overlapping exposures before and after alignment")


def sky_levels(exposures: Entries, unit: str, errors: Mapping[str, float | None]) -> Markup | None:
    """The level that was found for each exposure, in the order of time, coloured by visit.

    Errors are drawn where they are known by file name.
    """
    if not exposures:
        return None
    ordered = sorted(exposures, key=lambda e: (e.get("mid_time") or 0.0, e["file"]))
    visits = [e.get("visit", "") for e in ordered]
    colours = colour_of(visits)
    with drawing():
        figure, axes = _axes(height=3.2, bottom=0.32)
        x, levels = _numbers(ordered), np.array([e["sky_level"] for e in ordered])
        found = np.array([errors.get(e["file"]) or 0.0 for e in ordered])
        for visit, colour in colours.items():
            mine = np.array([v == visit for v in visits])
            axes.errorbar(x[mine], levels[mine], found[mine], fmt="o", ms=3, color=colour, lw=0.9, label=visit)
        axes.set(xlabel="exposure, in the order of time", ylabel=f"sky level [{unit}]")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if any(visits) and len(colours) <= NAMED:
            axes.legend(loc="upper center", bbox_to_anchor=(0.45, -0.22), fontsize=6.5, ncols=4, columnspacing=1)
        return to_svg(figure, "Sky level of each exposure, in the order of time, coloured by visit")


def sky_steps(overlaps: Entries, noise: float | None, unit: str) -> Markup | None:
    """Differences of level between overlapping exposures, before and after matching, with their errors."""
    if not overlaps:
        return None
    with drawing():
        figure, axes = _axes()
        errors = np.array([o["sky_error"] for o in overlaps])
        for row, (key, colour) in enumerate((("sky_before", BEFORE), ("sky", COLOURS[0]))):
            values = np.array([o[key] for o in overlaps])
            spread = np.linspace(-0.25, 0.25, len(values)) if len(values) > 1 else np.zeros(1)
            axes.scatter(values, 1 - row + spread, color=colour, s=9, linewidths=0)
            axes.hlines(1 - row + spread, values - errors, values + errors, color=colour, lw=0.7)
        if noise:
            axes.axvspan(-noise, noise, color=COLOURS[2], alpha=0.15, lw=0, label="noise of a pixel of the mosaic")
            axes.legend(loc="lower right", bbox_to_anchor=(1, 0.97))
        axes.axvline(0, color=BEFORE, lw=0.6)
        axes.set(ylim=(-0.5, 1.5), xlabel=f"step between overlapping exposures [{unit}]")
        axes.set_yticks([1, 0], ["before", "after"])
        return to_svg(figure, "Steps of sky level between overlapping exposures before and after matching")


def outliers(exposures: Entries) -> Markup | None:
    """Share of flagged pixels in each exposure, over all and in the cores of stars."""
    if not exposures:
        return None
    with drawing():
        figure, axes = _axes()
        x = _numbers(exposures)
        for shift, key, colour, label in (
            (-0.2, "flagged", COLOURS[0], "all pixels"),
            (0.2, "flagged_in_cores", COLOURS[1], "cores of stars"),
        ):
            axes.bar(x + shift, [100 * (e[key] or 0) for e in exposures], color=colour, width=0.4, label=label)
        limits = [100 * most_in_cores(e["flagged"]) for e in exposures]
        axes.step(x, limits, where="mid", color=COLOURS[5], lw=1, ls="--", label="limit in cores")
        axes.set(xlabel="exposure, in the order of the table", ylabel="outliers [%]")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="lower right", bbox_to_anchor=(1, 0.97), ncols=3, columnspacing=1, handlelength=1.2)
        return to_svg(figure, "Share of flagged pixels in each exposure")


def outlier_map(found: Mapping[str, Any] | None) -> Markup | None:
    """Share of usable pixels that are outliers, on the sky: north is up, east to the left."""
    if not found:
        return None
    shares = 100 * np.array(found["shares"], dtype=float)
    height, width = np.array(shares.shape) * found["cell"]
    with drawing():
        figure, axes = _axes(height=3.6)
        most = max(float(np.nanquantile(shares, 0.98)), 0.01)
        image = axes.imshow(
            shares, extent=(0, width, 0, height), origin="lower", cmap="viridis", vmin=0, vmax=most, aspect="equal"
        )
        axes.invert_xaxis()
        axes.set(xlabel="east of the corner [arcsec]", ylabel="north of the corner [arcsec]", title="outliers [%]")
        figure.colorbar(image, ax=axes, shrink=0.8)
        return to_svg(figure, "Share of pixels flagged as outliers on the sky")


#: Why pixels are not used, as measured, and as the legend says it.
REASONS = {"outlier": "outlier", "jump": "jump", "saturated": "saturated", "bad": "other flags"}


def unused(exposures: Entries) -> Markup | None:
    """Share of each exposure's pixels that are not used, by reason."""
    if not any(e.get("unused") for e in exposures):
        return None
    with drawing():
        figure, axes = _axes()
        below = np.zeros(len(exposures))
        for (reason, label), colour in zip(REASONS.items(), COLOURS, strict=False):
            shares = np.array([100 * e.get("unused", {}).get(reason, 0) for e in exposures])
            axes.bar(_numbers(exposures), shares, 0.7, below, color=colour, label=label)
            below += shares
        axes.set(xlabel="exposure, in the order of the table", ylabel="pixels not used [%]")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="lower right", bbox_to_anchor=(1, 0.97), ncols=4, columnspacing=1, handlelength=1)
        return to_svg(figure, "Share of pixels that are not used, by reason")


def magnitudes(counts: Sequence[tuple[float, int]], width: float) -> Markup | None:
    """Sources by magnitude: the faint ends of the bins are `width` from the bright ones."""
    if not counts:
        return None
    with drawing():
        figure, axes = _axes()
        axes.bar([start for start, _ in counts], [n for _, n in counts], width, align="edge", color=COLOURS[0])
        axes.set(xlabel="magnitude [AB]", ylabel="sources")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        return to_svg(figure, "Number of sources by magnitude")


def _axes(height: float = 2.7, bottom: float = 0.2) -> tuple[Figure, Axes]:
    """A figure as wide as a column of the page, and its axes."""
    figure = Figure(figsize=(4.2, height))
    return figure, figure.add_axes((0.17, bottom, 0.81, 0.9 - bottom))


def _numbers(exposures: Entries) -> np.ndarray:
    return np.arange(1, len(exposures) + 1)
