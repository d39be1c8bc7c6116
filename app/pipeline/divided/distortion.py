"""The distortion of a detector, the first transform of a WCS, once for all exposures that have it.

It is two thirds of what is known of an exposure besides its pixels, takes most of the time of packing and unpacking
that, and is the same for all exposures of a detector.
"""

import io
import pickle
from collections import deque
from copy import copy
from functools import lru_cache
from types import FunctionType
from typing import Any

import numpy as np
from astropy.modeling import Model

__all__ = ["common", "pack", "unpack"]

#: Number of distortions that a process keeps: those of all detectors of an instrument, from some processes.
_KEPT = 64

# What was packed or unpacked here last, and its bytes.
_known: deque[tuple[Any, bytes]] = deque(maxlen=_KEPT)


def pack(tree: dict[str, Any]) -> tuple[bytes, bytes]:
    """Pack what is known of an exposure, without and with its distortion alone.

    Returns
    -------
    (bytes, bytes)
        The second are the same for all equal distortions that this process packs; empty where there is no WCS.
    """
    first = _first(tree)
    file = io.BytesIO()
    _Pickler(file, first).dump(tree)
    return file.getvalue(), b"" if first is None else _packed(first)


def unpack(rest: bytes, distortion: bytes) -> dict[str, Any]:
    """What was packed; the parts of the distortion are in common with others, and must not be changed."""
    return _Unpickler(io.BytesIO(rest), distortion).load()


@lru_cache(_KEPT)
def common(distortion: bytes) -> bytes:
    """The bytes of an equal distortion that this process has, or these: other processes have others."""
    return _packed(pickle.loads(distortion), distortion) if distortion else distortion  # noqa: S301 - packed by us


def _first(tree: dict[str, Any]) -> Any:
    wcs = tree.get("meta", {}).get("wcs")
    return wcs.pipeline[0].transform if wcs is not None else None


def _packed(transform: Any, packed: bytes = b"") -> bytes:
    for check in (_is_copy, _is_same):
        for other, known in _known:
            if check(transform, other):
                return known
    packed = packed or pickle.dumps(transform, pickle.HIGHEST_PROTOCOL)
    _unpacked(packed)
    return packed


@lru_cache(_KEPT)
def _unpacked(packed: bytes) -> Any:
    transform = pickle.loads(packed)  # noqa: S301 - packed by us
    _known.append((transform, packed))
    return transform


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, left_out: Any) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._left_out = left_out

    def persistent_id(self, item: Any) -> str | None:
        return "distortion" if item is self._left_out and item is not None else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, distortion: bytes) -> None:
        super().__init__(file)
        self._distortion = distortion

    def persistent_load(self, _: str) -> Any:
        return copy(_unpacked(self._distortion))  # each has a bounding box of its own


def _is_copy(one: Any, other: Any) -> bool:
    """Whether two objects have all their parts in common, as what is unpacked here has."""
    mine, theirs = vars(one), vars(other)
    return mine.keys() == theirs.keys() and all(mine[name] is theirs[name] for name in mine)


def _is_same(one: Any, other: Any, met: dict[tuple[int, int], Any] | None = None) -> bool:
    """Whether two objects would be pickled to the same, whichever of their parts are one object.

    Pairs that were met are being compared, or were: where objects refer to each other, it ends there.
    """
    if one is other:
        return True
    if type(one) is not type(other) or isinstance(one, type | FunctionType):
        return False
    met = {} if met is None else met
    if (pair := (id(one), id(other))) in met:
        return True
    met[pair] = one, other  # kept: other objects could get their numbers
    match one:
        case np.ndarray():
            return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
        case dict():
            return list(one) == list(other) and all(_is_same(one[key], other[key], met) for key in one)
        case tuple() | list():
            return len(one) == len(other) and all(_is_same(a, b, met) for a, b in zip(one, other, strict=True))
        case str() | bytes() | int() | float() | complex():
            return repr(one) == repr(other)
        case Model():  # its array of parameters holds anything before it is asked for
            _ = one.parameters, other.parameters
    mine, theirs = (item.__reduce_ex__(pickle.HIGHEST_PROTOCOL) for item in (one, other))
    return _is_same(mine, theirs, met)
