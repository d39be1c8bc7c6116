"""Exposures as the steps hand them on: arrays stay in their files, everything else stays in memory.

tweakreg and skymatch change headers and WCS but no pixel, so there is nothing to write between steps and nothing large
to keep. A process that needs pixels opens the file and puts the current metadata in place.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from jwst.datamodels import ImageModel

from app.observation.fits_internals import careful_writes
from app.observation.unchecked import unchecked
from app.pipeline.divided.arrays import map_array
from app.pipeline.divided.distortion import common, pack, unpack
from app.pipeline.divided.jwst_internals import merged_already
from app.runtime.files import fresh_folder, settle

__all__ = [
    "ExposureFile",
    "Light",
    "Pattern",
    "Plane",
    "extensions",
    "model_without_pixels",
    "new_model",
    "opened",
    "read_exposure",
    "save_model",
    "without_arrays",
]

# What errors are made of.
_VARIANCES = {"var_poisson", "var_rnoise", "var_flat"}


@dataclass(frozen=True, slots=True)
class Plane:
    """Light that rises evenly over an image, counted from its first pixel [unit of the image]."""

    constant: float
    per_column: float
    per_row: float

    def on(self, shape: tuple[int, int]) -> np.ndarray:
        """The light at all pixels of an image."""
        rows, columns = np.arange(shape[0], dtype=np.float32)[:, None], np.arange(shape[1], dtype=np.float32)
        return np.float32(self.constant) + np.float32(self.per_row) * rows + np.float32(self.per_column) * columns


@dataclass(frozen=True, slots=True)
class Pattern:
    """Light that was measured pixel by pixel, and its variance: two planes in a ``.npy`` file [unit of the image]."""

    path: Path

    def on(self, shape: tuple[int, int]) -> np.ndarray:
        """The light at all pixels of an image."""
        return self._plane(0, shape)

    def variance(self, shape: tuple[int, int]) -> np.ndarray:
        """Its variance, by which that of an image grows when it is subtracted."""
        return self._plane(1, shape)

    def _plane(self, number: int, shape: tuple[int, int]) -> np.ndarray:
        planes = map_array(self.path)
        assert planes.shape == (2, *shape)
        return planes[number]


Light = float | Plane | Pattern


@dataclass(frozen=True)
class ExposureFile:
    """An exposure between two steps: the file of its arrays, and its current metadata; processes can send it.

    Parameters
    ----------
    path : Path
        File with the arrays.
    packed : bytes
        All that a datamodel of it holds but the arrays and the distortion: most processes that get an exposure never
        look at that.
    shape : (int, int)
        Shape of the image.
    subtracted : tuple of float, Plane or Pattern
        What is to be subtracted from the image in the file, in turn. The variance of a pattern is added to that of the
        read noise, which weights are made of; errors follow.
    noise_factor : float
        By what the variance of the read noise, patterns' included, is to be multiplied; errors follow.
    distortion : bytes
        That of its WCS.
    """

    path: Path
    packed: bytes
    shape: tuple[int, int]
    subtracted: tuple[Light, ...] = ()
    noise_factor: float = 1.0
    distortion: bytes = b""

    @classmethod
    def of(cls, path: Path, model: ImageModel) -> "ExposureFile":
        """The exposure with arrays in a file, and everything else of a datamodel as it is now."""
        packed, distortion = pack(without_arrays(model.instance))
        return cls(path, packed, model.shape, distortion=distortion)

    @property
    def tree(self) -> dict[str, Any]:
        """All that a datamodel of it holds but the arrays, unpacked anew; the parts of the distortion never change."""
        return unpack(self.packed, self.distortion)

    def with_tree(self, tree: dict[str, Any]) -> "ExposureFile":
        """The exposure with other metadata."""
        packed, distortion = pack(tree)
        return replace(self, packed=packed, distortion=distortion)

    def in_common(self) -> "ExposureFile":
        """The exposure, that comes from another process, with the distortion that others have here."""
        return replace(self, distortion=common(self.distortion))

    def open(self, *names: str) -> ImageModel:
        """A datamodel with these arrays, or all, from the file, and everything else from here.

        The file's metadata are not read again: that takes most of the time of jwst's own opening.
        """
        model = new_model()
        model.instance.update(self.tree)
        wanted = set(names or extensions()) | (_VARIANCES if self.noise_factor != 1 and "err" in names else set())
        with fits.open(self.path, memmap=False) as file:
            for name, extension in extensions().items():
                if name in wanted and extension in file:
                    model.instance[name] = file[extension].data
        self._add_noise(model)
        self._scale_noise(model)
        if "data" in model.instance:
            self._subtract_from(model.data)
        return model

    def image(self) -> tuple[np.ndarray, np.ndarray]:
        """The image and its data quality."""
        with fits.open(self.path, memmap=False) as file:
            data, quality = file["SCI"].data.astype(np.float32), file["DQ"].data.astype(np.uint32)
        self._subtract_from(data)
        return data, quality

    def _add_noise(self, model: ImageModel) -> None:
        """Add the variances of what is subtracted to the arrays that are there."""
        for pattern in (light for light in self.subtracted if isinstance(light, Pattern)):
            added = pattern.variance(self.shape)
            if "var_rnoise" in model.instance:
                model.var_rnoise = model.var_rnoise + added
            if "err" in model.instance:
                model.err = np.sqrt(model.err**2 + added)

    def _scale_noise(self, model: ImageModel) -> None:
        """Scale the read noise among the arrays that are there, and the errors that it is part of."""
        if self.noise_factor == 1:
            return
        if "var_rnoise" in model.instance:
            model.var_rnoise = model.var_rnoise * np.float32(self.noise_factor)
        if "err" in model.instance:
            parts = [model.instance[name] for name in sorted(_VARIANCES) if name in model.instance]
            known = [np.where(np.isfinite(part), part, 0) for part in parts]
            model.err = np.where(np.isfinite(model.err), np.sqrt(np.sum(known, axis=0)), np.nan).astype(np.float32)

    def _subtract_from(self, data: np.ndarray) -> None:
        for light in self.subtracted:
            data -= light.on(self.shape) if isinstance(light, Plane | Pattern) else light

    def subtract(self, levels: Iterable[Light]) -> "ExposureFile":
        """The exposure with more subtracted."""
        return replace(self, subtracted=(*self.subtracted, *levels))

    def without_pixels(self) -> ImageModel:
        """A datamodel whose image has the right shape and takes no memory."""
        return model_without_pixels(self.tree, self.shape)


def model_without_pixels(tree: dict[str, Any], shape: tuple[int, int]) -> ImageModel:
    """A datamodel of these metadata whose image takes no memory."""
    model = new_model()
    model.instance.update(tree)
    model.data = np.broadcast_to(np.float32(np.nan), shape)
    return model


@cache
def _schema() -> dict[str, Any]:
    return ImageModel().schema


@cache
def extensions() -> dict[str, str]:
    """Extensions of an image's arrays in its file, by their names in a datamodel."""
    return {name: part["fits_hdu"] for name, part in _schema()["properties"].items() if "fits_hdu" in part}


def new_model(content: Any = None) -> ImageModel:
    """A datamodel, made faster than jwst's: with the schema that is here already, and checked only when it is written.

    jwst merges the parts of the schema for each model, also where that is done, and checks the whole log of a pipeline
    again and again, for every exposure after every step.
    """
    schema = _schema()
    with merged_already(schema):
        return ImageModel(content, schema=schema, validate_on_assignment=False)


@contextmanager
def opened(path: Path) -> Iterator[ImageModel]:
    """A datamodel of a file whose arrays are mapped, and not looked at."""
    with unchecked(), fits.open(path, memmap=True, do_not_scale_image_data=True) as file:
        yield new_model(file)


def read_exposure(path: Path) -> ExposureFile:
    """The exposure of a file."""
    with opened(path) as model:
        return ExposureFile.of(path, model)


def without_arrays(instance: dict[str, Any]) -> dict[str, Any]:
    """All in a datamodel's tree but its arrays."""
    return {name: value for name, value in instance.items() if not hasattr(value, "dtype")}


def save_model(model: ImageModel, path: Path) -> Path:
    """Write a datamodel so that the file appears whole or not at all."""
    with fresh_folder(path.parent / f".{path.stem}.{os.getpid()}") as folder:
        with careful_writes():
            model.save(folder / path.name)  # under its own name, which jwst writes into the header
        return settle(folder / path.name, path)
