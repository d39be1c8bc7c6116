"""The images of a release: a run's mosaic with what MAST and viewers ask for, in one file or in several.

The pixels are those of the run's product, to the bit. What is added are keywords, a WCS in every extension (jwst writes
one for SCI alone), the outline of the coverage, and a table of the exposures.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from app.cli.release.keywords import add_wcs, hlsp_cards, wcs_cards
from app.cli.release.runs import Run, file_name
from app.config.schema import Lv3Config
from app.observation.fits_internals import careful_writes

__all__ = ["exposure_time", "write_images", "write_segments"]

#: Side of the tiles in which an image is compressed [pixel]: a cutout reads few of them.
TILE = 256
#: Letters of a value and its comment that a card has room for, and those that a number takes.
_CARD, _NUMBER = 64, 20
#: Columns of the table of exposures, of those that jwst collects from their headers (extension HDRTAB).
_PROVENANCE = {
    "FILE_ID": "FILENAME",
    "OBS_ID": "OBS_ID",
    "DATE-BEG": "DATE-BEG",
    "DATE-END": "DATE-END",
    "TELESCOP": "TELESCOP",
    "INSTRUME": "INSTRUME",
    "DETECTOR": "DETECTOR",
    "FILTER": "FILTER",
    "XPOSURE": "XPOSURE",
}


def write_images(run: Run, config: Lv3Config, s_region: str, folder: Path) -> Iterator[Path]:
    """Write the mosaic of a run: one file with all extensions, or with ``split`` one for each kind of image.

    Parameters
    ----------
    run : Run
    config : Lv3Config
        Keys ``split`` and ``compress``, and what headers say.
    s_region : str
        The outline of the coverage.
    folder : Path
        Where the files go.

    Yields
    ------
    Path
        Each file, when it is written.
    """
    with fits.open(run.mosaic) as hdus:
        cards = hlsp_cards(run, config, hdus)
        wcs = wcs_cards(hdus["SCI"].header)
        hdus["SCI"].header["S_REGION"] = s_region
        for hdu in hdus:
            if hdu.is_image and hdu.header["NAXIS"]:
                add_wcs(hdu.header, wcs)
        for kind, chosen in (_split(hdus, wcs) if config.split else _whole(hdus)).items():
            name = _name(run, config, kind)
            yield _write(hdus[0].header, cards, chosen, folder / name, config.compress)


def write_segments(run: Run, config: Lv3Config, folder: Path) -> Iterator[Path]:
    """Write the segmentation map of the catalogue, where the run made one."""
    if run.names.segments not in run.products:
        return
    with fits.open(run.mosaic) as mosaic, fits.open(run.folder / run.names.segments) as hdus:
        cards = hlsp_cards(run, config, mosaic)
        for hdu in hdus:
            if hdu.is_image and hdu.header["NAXIS"]:
                add_wcs(hdu.header, wcs_cards(mosaic["SCI"].header))
        name = _name(run, config, "segment")
        yield _write(hdus[0].header, cards, list(hdus[1:]), folder / name, config.compress)


def _name(run: Run, config: Lv3Config, kind: str) -> str:
    return file_name(config, [run], kind, "fits.fz" if config.compress else "fits")


def _whole(hdus: fits.HDUList) -> dict[str, list[fits.FitsHDU]]:
    return {"i2d": [*hdus[1:], *_provenance(hdus)]}


def _split(hdus: fits.HDUList, wcs: list[fits.Card]) -> dict[str, list[fits.FitsHDU]]:
    """Science, error, weight and exposure time, as far as the mosaic has them."""
    found = {kind: [hdus[kind.upper()]] for kind in ("sci", "err", "wht") if kind.upper() in hdus}
    if "CON" in hdus and "HDRTAB" in hdus:
        times = exposure_time(hdus["CON"].data, hdus["HDRTAB"].data["XPOSURE"])
        image = fits.ImageHDU(times, name="EXP")
        image.header["BUNIT"] = ("s", "physical units of the array values")
        add_wcs(image.header, wcs)
        found["exp"] = [image]
    return {kind: [*images, *_provenance(hdus)] for kind, images in found.items()}


def exposure_time(context: NDArray, times: NDArray) -> NDArray[np.float32]:
    """How long each pixel was exposed: the effective exposure times of the exposures that it has, added up.

    Parameters
    ----------
    context : array of int32, shape (planes, ny, nx)
        Extension CON: bit n of plane p stands for exposure 32 p + n (jwst documentation, "Context Image").
    times : array of shape (n,)
        Of the exposures [s].

    Returns
    -------
    array of shape (ny, nx)
        [s]; 0 where there is nothing.
    """
    total = np.zeros(context.shape[1:], np.float32)
    for number, time in enumerate(times):
        total[(context[number // 32] >> (number % 32)) & 1 > 0] += time
    return total


def _provenance(hdus: fits.HDUList) -> Iterator[fits.BinTableHDU]:
    """The exposures, as "Provenance Metadata" of MAST's guide asks for; jwst can be told to keep no list of them."""
    if "HDRTAB" not in hdus:
        return
    given = hdus["HDRTAB"].columns
    there = {name: given[source] for name, source in _PROVENANCE.items() if source in given.names}
    columns = [fits.Column(name, column.format, column.unit, array=column.array) for name, column in there.items()]
    yield fits.BinTableHDU.from_columns(columns, name="PROVENANCE")


def _write(primary: fits.Header, cards: list[tuple], hdus: list[fits.FitsHDU], place: Path, compress: bool) -> Path:
    header = primary.copy()
    for key, value, comment in [("FILENAME", place.name, "name of the file"), *cards]:
        fits_in = max(len(str(value)), _NUMBER) + len(comment) <= _CARD  # else astropy warns, and cuts it
        header[key] = value
        header.comments[key] = comment if fits_in else ""
    images = [_compressed(hdu) if compress and hdu.is_image else hdu for hdu in hdus]
    with careful_writes():
        fits.HDUList([fits.PrimaryHDU(header=header), *images]).writeto(place)
    if compress:
        _say_not_quantized(place)
    return place


def _say_not_quantized(path: Path) -> None:
    """Say of floating-point images that they are not quantized, as fpack does: without it DS9 reads integers."""
    with fits.open(path, mode="update", disable_image_compression=True) as hdus:
        for hdu in hdus:
            if hdu.header.get("ZBITPIX", 0) < 0:
                hdu.header["ZQUANTIZ"] = ("NONE", "lossless compression without quantization")


def _compressed(hdu: fits.ImageHDU) -> fits.CompImageHDU:
    """An image in tiles, compressed without loss (GZIP_2 of the FITS standard 4.0, section 10.4.2, not quantized)."""
    tile = (1,) * (hdu.data.ndim - 2) + tuple(min(TILE, n) for n in hdu.data.shape[-2:])
    return fits.CompImageHDU(
        hdu.data, hdu.header, hdu.name, compression_type="GZIP_2", quantize_level=0, tile_shape=tile
    )
