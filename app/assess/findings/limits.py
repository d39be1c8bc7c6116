"""Limits beyond which a number is a caveat; the message gives the number, and the limit where that helps."""

#: Offset between overlapping exposures that shows in a mosaic [pixel].
OFFSET = 0.25
#: Fewest stars on which an alignment can rest.
FEW_MATCHES = 10
#: tweakreg's finder misses stars where it has less than this share of those that this program's own finder has.
FINDER = 0.5
#: A shift is large beyond this share of the search radius: the guide star was lost, or wrong stars were matched.
LARGE_SHIFT = 0.5
#: Step between sky levels that the eye sees [noise of a pixel of the mosaic], and its significance [its error].
STEP, STEP_SIGNIFICANCE = 1.0, 5.0
#: Share of flagged pixels that cosmic rays do not explain.
MANY_FLAGGED = 0.05
#: Share of flagged pixels in the cores of stars, absolute and against that of the whole exposure.
CORES_FLAGGED, CORES_RATIO = 0.05, 3.0


def most_in_cores(flagged: float | None) -> float:
    """Largest share of flagged pixels in the cores of stars that is no caveat, where an exposure has this share."""
    return max(CORES_FLAGGED, CORES_RATIO * (flagged or 0))


#: Significance of an offset at the corner of an overlap, or of its absence [its error].
CORNER_SIGNIFICANCE = 3.0
#: Fewest stars of a part of an overlap whose offset says that alignment failed; of a group against a catalogue.
FEW_IN_PART, FEW_ON_SKY = 3, 4
#: Roll that headers are hardly ever off by [deg]; it is known to 0.02 deg at worst.
ROLL = 0.03
#: Width of offsets in their errors where these are right, and fewest numbers that give it.
PULLS, FEW_PULLS = (0.8, 1.2), 12
#: Share of its field that an exposure that adds something gives to the mosaic.
CONTRIBUTION = 0.01
#: A result is poor beyond these shares: of flagged pixels in the median exposure, of overlaps in which each star is
#: there twice, of exposures that add nothing.
POOR_FLAGGED, POOR_OVERLAPS, POOR_EXPOSURES = 0.5, 0.5, 0.5
