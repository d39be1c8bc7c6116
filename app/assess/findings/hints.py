"""What to do about a caveat, by its cause: nothing that is set already, nothing of a step that is left out."""

from app.assess.findings.facts import Facts

__all__ = [
    "chips_disagree",
    "few_matches",
    "many_flagged",
    "modules_disagree",
    "not_aligned",
    "not_verified",
    "offsets_left",
    "sky_steps",
]

_ABSOLUTE = "Set jwst_parameters.tweakreg.abs_refcat: a catalogue aligns exposures that share no stars."
_NOT_HERE = "Alignment is left out of this run: align the exposures before, or have it done here."


def not_aligned(facts: Facts) -> str:
    """The reference is out of reach, the finder sees nothing, or too few stars are in both."""
    if facts.out_of_reach:
        return _out_of_reach(facts)
    if facts.missed_by_finder:
        return (
            "tweakreg's finder misses stars that are there: try jwst_parameters.tweakreg.starfinder=segmentation, or a "
            f"kernel_fwhm nearer to the width of the stars (it is {facts.parameter('tweakreg', 'kernel_fwhm')} pixels)."
        )
    return _more_stars(facts)


def not_verified(facts: Facts) -> str:
    """Nothing can be said from this band: where it follows another, from that one."""
    if facts.follows_run:
        return "It is as good as that of the run that was followed (align_from): see what its report says."
    return "Their alignment may be right or wrong: compare with another band, or choose alignment=from_run."


def _out_of_reach(facts: Facts) -> str:
    """What aligns exposures that do not overlap the reference."""
    if facts.parameter("tweakreg", "expand_refcat"):
        return _ABSOLUTE
    return (
        "Choose alignment=solution, which aligns all by all overlaps; or jwst_parameters.tweakreg.expand_refcat=true, "
        "which aligns them to their neighbours, one after the other, so that errors add up along the chain."
    )


def few_matches(facts: Facts) -> str:
    """Too few stars are in both."""
    return _more_stars(facts)


def _more_stars(facts: Facts) -> str:
    lower = "A lower jwst_parameters.tweakreg.snr_threshold finds more stars"
    if not facts.is_solved:
        lower += ", a lower minobj asks for fewer"
    if facts.config("tweakreg_group_dithers"):
        return f"{lower}."
    return f"{lower}; where there are several visits, tweakreg_grouping=[group_dithers] puts those of dithers together."


def modules_disagree(facts: Facts) -> str:
    """NIRCam's modules are tied, or have too little in common."""
    if facts.aligned_by != "tweakreg":
        return _NOT_HERE
    apart = facts.config("tweakreg_degroup_nircam_modules") or facts.config("tweakreg_degroup_dithers")
    return _ABSOLUTE if apart else "Try tweakreg_grouping=[degroup_modules]: each module is aligned by itself."


def chips_disagree(facts: Facts) -> str:
    """Detectors are tied, or have too little in common."""
    if facts.aligned_by != "tweakreg":
        return _NOT_HERE
    apart = facts.config("tweakreg_degroup_nircam_short_chips") or facts.config("tweakreg_degroup_dithers")
    return _ABSOLUTE if apart else "Try tweakreg_grouping=[degroup_short_chips]: each detector is aligned by itself."


def offsets_left(facts: Facts) -> str:
    """Exposures are tied, or the fit has too little freedom."""
    if facts.aligned_by != "tweakreg":
        return _NOT_HERE
    if facts.config("tweakreg_group_dithers"):
        return "Dithers of a visit are aligned as one: try tweakreg_grouping=default, which aligns each by itself."
    if facts.parameter("tweakreg", "fitgeometry") != "general":
        return "Try jwst_parameters.tweakreg.fitgeometry=general, or other groups (tweakreg_grouping)."
    return "Try other groups (tweakreg_grouping), or leave out, with exclude, the exposures that do not fit."


def sky_steps(facts: Facts) -> str:
    """Exposures are tied to one level, or the method leaves steps."""
    if facts.config("skymatch_group_dithers"):
        return "Dithers of a visit share one level: try skymatch_grouping=default, which gives each its own."
    ways = []
    if facts.config("sky_method") != "solution":
        ways.append("sky=solution, which compares exposures at the same places of the sky")
    if not facts.config("skymatch_degroup_dithers"):
        ways.append("skymatch_grouping=[degroup_dithers]")
    if facts.parameter("skymatch", "skymethod") != "global+match":
        ways.append("another jwst_parameters.skymatch.skymethod (global+match)")
    return f"Try {', or '.join(ways or ['levels of your own (sky=user_levels)'])}."


def many_flagged(facts: Facts) -> str:
    """Alignment and levels come first; a moving target leaves its stars behind."""
    higher = "raise jwst_parameters.outlier_detection.snr"
    if facts.follows_target:
        return f"Stars that the moving target leaves behind are flagged, as they should be; where it is more, {higher}."
    return f"Look at alignment and sky levels first; then {higher}."
