"""The mosaic's pixel grid: that of an existing mosaic, written for resample, and the shape that a run will give."""

import re
import warnings
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning
from astropy.wcs import WCS
from numpy.typing import NDArray

from app.observation.exposure import Exposure
from app.observation.packed import readable
from app.observation.wcs_check import check_wcs, opened_by_jwst
from app.plan.parameters import Parameters
from app.runtime.errors import InputError

__all__ = ["Grid", "is_given", "predict_grid", "predict_shape", "write_grid"]


@dataclass(frozen=True, eq=False)
class Grid:
    """The pixel grid of a mosaic.

    Parameters
    ----------
    shape : tuple of int
        ``(rows, columns)``.
    corners : ndarray of shape (4, 2)
        Right ascension and declination of its corners [deg].
    """

    shape: tuple[int, int]
    corners: NDArray[np.float64]


def write_grid(i2d: Path, folder: Path) -> Path:
    """Write the pixel grid of a mosaic in the form that ``resample.output_wcs`` takes.

    Parameters
    ----------
    i2d : Path
        A resampled image: its WCS has no distortion, which that of a single exposure has (jwst#9225).
    folder : Path

    Returns
    -------
    Path
        An ASDF file with ``wcs``, ``array_shape`` and ``pixel_scale`` [arcsec].
    """
    import asdf
    from stdatamodels.jwst import datamodels

    with opened_by_jwst(i2d), datamodels.open(i2d) as model:
        tree = {
            "wcs": model.meta.wcs,
            "array_shape": list(model.data.shape),
            "pixel_scale": float(np.sqrt(model.meta.photometry.pixelarea_arcsecsq)),
        }
        path = folder / f"{i2d.stem}_grid.asdf"
        asdf.AsdfFile(tree).write_to(path)
    return path


def is_given(parameters: Parameters) -> bool:
    """Whether the user says where the grid is, so that exposures can be outside of it."""
    return any(parameters.of("resample", name) for name in ("output_wcs", "output_shape", "crval", "crpix"))


def predict_shape(exposures: list[Exposure], parameters: Parameters) -> tuple[int, int]:
    """Shape ``(rows, columns)`` that the mosaic will have (see `predict_grid`)."""
    return predict_grid(exposures, parameters).shape


def predict_grid(exposures: list[Exposure], parameters: Parameters) -> Grid:
    """The grid that the mosaic will have, by jwst's own rules.

    Exact for the WCS that the exposures have now; alignment can add or take a pixel.

    Parameters
    ----------
    exposures : list of Exposure
        Those that make the mosaic, in the order of the association: the first one gives scale and rotation.
    parameters : Parameters

    Raises
    ------
    InputError
        The grid that was asked for cannot be read, or is not a grid; or the first exposure cannot be opened.
    """
    grid, shape = (parameters.of("resample", name) for name in ("output_wcs", "output_shape"))
    if grid:
        return _grid_of_file(Path(grid), shape)
    from jwst.resample.resample_utils import resampled_wcs_from_models

    scale = parameters.of("resample", "pixel_scale")
    options = {name: parameters.of("resample", name) for name in ("pixel_scale_ratio", "rotation", "crpix", "crval")}
    with warnings.catch_warnings():  # where no exposure is in the grid, its domain is upside down
        warnings.filterwarnings("ignore", "Invalid interval", RuntimeWarning)
        try:
            wcs, *_ = resampled_wcs_from_models(
                _Footprints(exposures),
                pixel_scale=None if scale is None else scale / 3600,
                output_shape=shape and shape[::-1],
                **options,
            )
        except ValueError as error:  # on the far side of the sky positions have no place in the plane of the mosaic
            given = ", ".join(
                f"{name}={parameters.of('resample', name)}" for name in ("crval", "output_shape", "crpix")
            )
            raise InputError(f"jwst_parameters.resample: no grid around the exposures has {given} ({error})") from error
    return _grid(wcs)


def _grid(wcs: Any) -> Grid:
    """The grid of a gwcs, which loses its domain: the outer borders of pixels are outside of it."""
    rows, columns = wcs.array_shape
    wcs.bounding_box = None
    x, y = np.array([0, columns, columns, 0]) - 0.5, np.array([0, 0, rows, rows]) - 0.5
    return Grid((rows, columns), np.transpose(wcs(x, y)))


def _grid_of_file(path: Path, shape: list[int] | None) -> Grid:
    """The grid in an i2d file, or in an ASDF file as jwst takes it."""
    from jwst.resample.resample_utils import load_custom_wcs

    try:
        if path.suffix == ".fits":
            return _grid_of_mosaic(path)
        return _grid(load_custom_wcs(str(path), shape)["wcs"])
    except Exception as error:
        what = "mosaic_like, or jwst_parameters.resample.output_wcs"
        raise InputError(f"{what}: {path}: holds no pixel grid that can be used ({error})") from error


def _grid_of_mosaic(path: Path) -> Grid:
    with warnings.catch_warnings(), fits.open(path) as hdus:
        warnings.simplefilter("ignore", AstropyWarning)
        if hdus[0].header.get("S_RESAMP") != "COMPLETE":
            raise ValueError("a resampled image is needed, i2d: the pixels of a single exposure are distorted")
        return Grid(hdus["SCI"].shape, WCS(hdus["SCI"].header).calc_footprint(center=False))


class _Footprints:
    """The answers of a `jwst.datamodels.ModelLibrary` to what a mosaic's grid is computed from.

    Only the first exposure is opened. All footprints are handed over as one: only the outermost corners matter.
    """

    def __init__(self, exposures: list[Exposure]) -> None:
        self._first = exposures[0].file
        self._unpacked = ExitStack()
        self._corners = " ".join(re.sub("[A-Za-z]", "", exposure.s_region) for exposure in exposures)

    def __enter__(self) -> "_Footprints":
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def __len__(self) -> int:
        return 1

    def borrow(self, index: int) -> Any:
        from stdatamodels.jwst import datamodels

        path = self._unpacked.enter_context(readable(self._first))
        with opened_by_jwst(self._first):
            model = datamodels.open(path)
        try:
            check_wcs(model, self._first)
        except InputError:
            self.shelve(model, index)
            raise
        return model

    def shelve(self, model: Any, index: int, modify: bool = True) -> None:  # noqa: ARG002
        model.close()
        self._unpacked.close()

    def read_metadata(self, index: int) -> dict[str, str]:  # noqa: ARG002
        return {"meta.wcsinfo.s_region": f"POLYGON ICRS {self._corners}"}
