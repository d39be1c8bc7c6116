"""All pictures of a release: three sizes of each mosaic, and of three bands of one target together."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from app.cli.release.avm import Frame, packet
from app.cli.release.colour import lupton
from app.cli.release.outline import Outline, outline
from app.cli.release.previews import SIZES, Grid, grey, north_up, save, upright
from app.cli.release.runs import Run, file_name
from app.config.schema import Lv3Config
from app.runtime.files import link_or_copy

__all__ = ["colour_pictures", "mosaic_pictures"]

#: A picture in a frame, and where it has data.
Draw = Callable[[Frame], tuple[NDArray[np.uint8], NDArray[np.bool_]]]


def mosaic_pictures(run: Run, hdus: fits.HDUList, parts: Outline, config: Lv3Config, folder: Path) -> Iterator[Path]:
    """Write the pictures of one mosaic.

    Parameters
    ----------
    run : Run
    hdus : HDUList
        Its mosaic.
    parts : Outline
        Of its coverage.
    config : Lv3Config
    folder : Path
        Where they go.
    """
    grid = Grid.of(hdus["SCI"].header)

    def draw(frame: Frame) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        image = north_up(hdus["SCI"].data, grid, frame)
        return grey(image), np.isfinite(image)

    yield from _sizes([run], grid, parts, draw, "preview", config, folder)


def colour_pictures(bands: Sequence[Run], config: Lv3Config, folder: Path) -> Iterator[Path]:
    """Write the pictures of three bands that have one grid: blue, green and red."""
    grid = Grid.of(fits.getheader(bands[0].mosaic, "SCI"))
    parts = [part for run in bands for part in outline(fits.getdata(run.mosaic, "WHT"))]

    def draw(frame: Frame) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        return lupton([north_up(fits.getdata(run.mosaic, "SCI"), grid, frame) for run in bands])

    yield from _sizes(bands, grid, parts, draw, "rgb", config, folder)


def _sizes(
    runs: Sequence[Run], grid: Grid, parts: Outline, draw: Draw, kind: str, config: Lv3Config, folder: Path
) -> Iterator[Path]:
    """Write a picture at each size; where the mosaic is smaller than two sizes, theirs are one file with two names."""
    frames: dict[Frame, list[int]] = defaultdict(list)
    for size in SIZES:
        frames[upright(grid, parts, size)].append(size)
    for frame, sizes in frames.items():
        names = [{e: folder / file_name(config, runs, f"{kind}-{size}", e) for e in ("png", "jpg")} for size in sizes]
        save(*draw(frame), _metadata(runs, frame, config), names[0])
        for twin in names[1:]:
            for extension, place in twin.items():
                link_or_copy(names[0][extension], place)
        yield from (place for pair in names for place in pair.values())


def _metadata(runs: Sequence[Run], frame: Frame, config: Lv3Config) -> bytes:
    bands = [run.band for run in runs]
    instruments = list(dict.fromkeys(run.instrument.upper() for run in runs))
    return packet(frame, f"{runs[0].target}, {' '.join(bands)}", str(config.hlsp_lead), bands, instruments)
