"""tweakreg's copies of a WCS have its distortion in common with it.

The distortion is by far the largest part of what is known about an exposure besides its pixels: 80 of 123 kB for MIRI,
pickled, and five times that in memory.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy, deepcopy
from typing import Any

from gwcs import WCS
from gwcs.wcs import Step
from tweakwcs import correctors, wcsimage

from app.runtime.patched import patched

__all__ = ["shared_distortion"]

#: What a corrector makes anew where it changes it, and never changes in place: its copies may have it in common.
_MADE_ANEW = ("_owcs", "_det_to_v23", "_v23_to_det", "_world_to_v23", "_v23_to_world")


@contextmanager
def shared_distortion() -> Iterator[None]:
    """Context in which tweakwcs' copies of a WCS share its first transform with it, which tweakwcs never changes.

    It makes two copies of each WCS, and all of them are there at once; and a third while a group is aligned, with all
    that is made of it, whose copies took half of the time in which 72 exposures were aligned.
    """
    with patched(correctors, "deepcopy", _copied), patched(wcsimage, "deepcopy", _copied):
        yield


def _copied(original: Any) -> Any:
    match original:
        case WCS(pipeline=[Step(transform=first), *_]) | [Step(transform=first), *_]:
            return deepcopy(original, {id(first): first})
        case correctors.WCSCorrector(wcs=WCS(pipeline=[Step(transform=first), *_])):
            in_common = {id(part): part for part in (getattr(original, name) for name in _MADE_ANEW)}
            return deepcopy(original, in_common | {id(first): copy(first)})  # tweakwcs may take its bounding box away
    return deepcopy(original)
