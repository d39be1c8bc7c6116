"""Where a run takes other ways than calwebb_image3; parameters of its steps are listed with their origin anyway."""

from collections.abc import Iterator

from app.plan.plan import Plan

__all__ = ["check"]

#: Keys that choose a way, the value that is the observatory's, and the word that users choose it by.
_OFFICIAL = {
    "alignment": ("tweakreg", "alignment"),
    "sky_method": ("skymatch", "sky"),
    "outliers": ("observatory", "outliers"),
    "errors": ("observatory", "errors"),
    "background_use": ("none", "background_use"),
}


def check(plan: Plan) -> Iterator[str]:
    """Ways that differ: what a recipe, or its user, has chosen."""
    chosen = {word: getattr(plan.config, key) for key, (_, word) in _OFFICIAL.items()}
    usual = {word: value for value, word in _OFFICIAL.values()}
    if others := [f"{word}={value}" for word, value in chosen.items() if value != usual[word]]:
        yield f"differs from calwebb_image3 by {', '.join(others)}"
