"""All files of a release that show one run."""

from collections.abc import Iterator
from pathlib import Path

from astropy.io import fits

from app.cli.release.coverage import write_coverage
from app.cli.release.footprints import regions
from app.cli.release.images import write_images, write_segments
from app.cli.release.outline import outline, s_region
from app.cli.release.pictures import mosaic_pictures
from app.cli.release.runs import Run, file_name
from app.config.schema import Lv3Config
from app.runtime.errors import InputError
from app.runtime.files import link_or_copy

__all__ = ["release_run"]


def release_run(config: Lv3Config, work: tuple[Run, Path]) -> list[Path]:
    """Write all files of one run.

    Parameters
    ----------
    config : Lv3Config
    work : (Run, Path)
        The run, and the folder where they go.

    Raises
    ------
    InputError
        The mosaic is empty.
    """
    run, folder = work
    with fits.open(run.mosaic) as hdus:
        weight, header = hdus["WHT"].data, hdus["SCI"].header
        parts = outline(weight)
        if not parts:
            raise InputError(f"{run.mosaic}: no pixel has weight; there is nothing to release")
        coverage = folder / file_name(config, [run], "moc", "fits")
        write_coverage(weight, header, coverage)
        pictures = list(mosaic_pictures(run, hdus, parts, config, folder))
    footprints = folder / file_name(config, [run], "footprints", "reg")
    footprints.write_text(regions(run.record), encoding="utf-8")
    images = [
        *write_images(run, config, s_region(parts, header), folder),
        *write_segments(run, config, folder),
    ]
    return [*images, *_catalogue(run, config, folder), coverage, footprints, *pictures]


def _catalogue(run: Run, config: Lv3Config, folder: Path) -> Iterator[Path]:
    if run.names.catalogue in run.products:
        place = folder / file_name(config, [run], "cat", "ecsv")
        link_or_copy(run.folder / run.names.catalogue, place)
        yield place
