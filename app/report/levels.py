"""An image as a picture whose stretch and cuts can still be chosen: a byte a pixel, fine near the sky."""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.report.data_uri import data_uri

__all__ = ["Levels", "alpha_uri"]

#: Levels of values; 0 is no data.
_LAST = 255
#: Opacity of counts from 0 on.
_ALPHA = bytes([0, 180, 220, 255])
#: Shares of the pixels that are the sky's middle and a standard deviation below it (of a Gaussian).
_MIDDLE, _BELOW = 0.5, 0.1587


@dataclass(frozen=True, slots=True)
class Levels:
    """Levels 1 to 255 of ``middle + width sinh(low + (high - low) (level - 1) / 254)``.

    Around the middle they are as far apart as a small part of `width`, the noise; far above, as a share of the value.

    Parameters
    ----------
    middle, width : float
        Of the sky [unit of the image].
    low, high : float
        Smallest and largest value in the image, as inverse hyperbolic sines.
    """

    middle: float
    width: float
    low: float
    high: float

    @classmethod
    def of(cls, image: NDArray[np.float64]) -> "Levels":
        """Levels that hold all of an image; NaN is no data."""
        finite = image[np.isfinite(image)]
        if not finite.size:
            return cls(0.0, 1.0, 0.0, 1.0)
        middle, below = (float(x) for x in np.quantile(finite, [_MIDDLE, _BELOW]))
        width = max(middle - below, 1e-6 * float(np.ptp(finite)), 1e-30)
        low, high = (float(np.arcsinh((x - middle) / width)) for x in (finite.min(), finite.max()))
        return cls(middle, width, low, max(high, low + 1e-6))

    def encode(self, image: NDArray[np.floating]) -> NDArray[np.uint8]:
        """The level of each value; 0 for NaN."""
        share = (np.arcsinh((image - self.middle) / self.width) - self.low) / (self.high - self.low)
        level = np.rint(1 + (_LAST - 1) * share.clip(0, 1))
        return np.where(np.isfinite(image), level, 0).astype(np.uint8)

    def value(self, level: float) -> float:
        """The value of a level, 1 to 255."""
        share = (level - 1) / (_LAST - 1)
        return float(self.middle + self.width * np.sinh(self.low + (self.high - self.low) * share))


def alpha_uri(counts: NDArray[np.integer], colour: tuple[int, int, int]) -> str:
    """Counts of shape (ny, nx), the lowest row first, as a picture of one colour: the more, the less transparent."""
    image = Image.fromarray(np.minimum(counts[::-1], len(_ALPHA) - 1).astype(np.uint8), "P")
    image.putpalette(bytes(colour) * len(_ALPHA))
    file = io.BytesIO()
    image.save(file, format="png", transparency=_ALPHA)
    return data_uri(file.getvalue(), "png")
