"""The catalogue of a mosaic by tiles, against the one that jwst makes of the same mosaic in memory."""

from types import SimpleNamespace

import gwcs
import numpy as np
import pytest
from astropy import coordinates, units
from astropy.io import fits
from astropy.modeling.models import Pix2Sky_TAN
from astropy.table import QTable
from gwcs import coordinate_frames
from gwcs.fitswcs import FITSImagingWCSTransform
from jwst.datamodels import ImageModel
from jwst.source_catalog import SourceCatalogStep
from jwst.tweakreg import tweakreg_catalog
from scipy import ndimage

from app.pipeline.box import Box
from app.pipeline.divided import mosaic_sources
from app.pipeline.divided.catalogue_internals import smoothed
from app.pipeline.divided.connected import join, pieces_of
from app.pipeline.divided.mosaic_file import MosaicFile
from app.pipeline.steps import StampedSourceCatalogStep
from app.simulation.emission import Emission

SHAPE, TILE, SCALE = (370, 430), 128, 0.11
CENTRE = (24.17, 15.78)


def sky(seed=3):
    """Stars anywhere, galaxies of all sizes, light that fills the field; noise, corners and a column without data."""
    random = np.random.default_rng(seed)
    y, x = np.indices(SHAPE, dtype=float)
    ra, dec = CENTRE[0] - (x - 215) * SCALE / 3600, CENTRE[1] + (y - 185) * SCALE / 3600
    image = Emission(*CENTRE, peak=2.0, contrast=0.8, shortest=2.0, longest=60.0, seed=4).brightness(ra, dec)
    widths = np.concatenate([np.full(160, 1.1), random.uniform(2, 9, 25), [20, 25]])
    peaks = np.concatenate([10 ** random.uniform(-0.3, 2.5, 160), random.uniform(1, 9, 25), [8, 6]])
    for width, peak in zip(widths, peaks, strict=True):
        row, column = random.uniform(-3, SHAPE[0] + 3), random.uniform(-3, SHAPE[1] + 3)
        rows, columns = (slice(max(0, int(at - 6 * width)), int(at + 6 * width) + 1) for at in (row, column))
        near = rows, columns
        squared = (x[near] - column) ** 2 + ((y[near] - row) / random.uniform(0.4, 1)) ** 2
        image[near] += peak * np.exp(-squared / (2 * width**2))
    error = np.sqrt(0.1**2 + 0.002 * image)
    image += random.normal(0, error)
    empty = (x + y < 100) | (x - y > 340) | ((x > 300) & (x < 303) & (y > 100))
    return tuple(np.where(empty, gone, a).astype(np.float32) for a, gone in ((image, np.nan), (error, np.nan), (1, 0)))


@pytest.fixture(scope="module")
def mosaic(tmp_path_factory, crds):
    data, error, weight = sky()
    with ImageModel(None) as model:
        model.data, model.err, model.wht = data, error, weight
        model.con = np.ones((1, *SHAPE), np.int32)
        model.meta.instrument.instance.update(name="MIRI", filter="F770W", detector="MIRIMAGE")
        model.meta.subarray.name = "FULL"
        model.meta.bunit_data = model.meta.bunit_err = "MJy/sr"
        model.meta.photometry.pixelarea_steradians = (SCALE / 206264.8) ** 2
        model.meta.wcsinfo.crpix1, model.meta.wcsinfo.crpix2 = 216.0, 186.0
        model.meta.observation.date, model.meta.observation.time = "2023-01-15", "00:00:00.000"
        model.meta.exposure.type = "MIR_IMAGE"
        model.meta.telescope = "JWST"
        model.meta.wcs = tangent_plane()
        model.save(path := tmp_path_factory.mktemp("mosaic") / "sky_i2d.fits")
    return path


def tangent_plane():
    transform = FITSImagingWCSTransform(
        Pix2Sky_TAN(), crpix=(215.0, 185.0), crval=CENTRE, cdelt=(-SCALE / 3600, SCALE / 3600), pc=np.eye(2)
    )
    detector = coordinate_frames.Frame2D(name="detector", unit=(units.pix, units.pix))
    world = coordinate_frames.CelestialFrame(reference_frame=coordinates.ICRS(), unit=(units.deg, units.deg))
    wcs = gwcs.WCS([(detector, transform), (world, None)])
    wcs.array_shape = SHAPE
    wcs.bounding_box = ((-0.5, SHAPE[1] - 0.5), (-0.5, SHAPE[0] - 0.5))
    return wcs


#: Boxes that are covered, which do not fit the mosaic; and one for all, where none is covered enough.
BOXES = (90, pytest.param(300, marks=pytest.mark.slow))


@pytest.fixture(scope="module", params=BOXES)
def both(request, mosaic, tmp_path_factory):
    """Catalogue and map of segments by tiles, and jwst's."""
    found = []
    for kind in (StampedSourceCatalogStep, SourceCatalogStep):
        folder = tmp_path_factory.mktemp("catalogue")
        step = kind(output_dir=str(folder), output_file="sky.fits", bkg_boxsize=request.param, save_results=True)
        if kind is SourceCatalogStep:
            with ImageModel(mosaic) as model:
                step.process(model)
        else:
            stamp = SimpleNamespace(on_model=lambda model: None)
            context = SimpleNamespace(stamp=stamp, procs=1, work_dir=folder, catalogue="tiles")
            step.parent = SimpleNamespace(context=context)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(mosaic_sources, "TILE", TILE)
                step.process(MosaicFile(mosaic))
        found.append((QTable.read(folder / "sky_cat.ecsv"), folder / "sky_segm.fits"))
    return found


def test_sources_are_those_of_the_whole_in_the_same_order(both):
    (tiled, _), (whole, _) = both
    assert len(whole) > 80
    assert tiled.colnames == whole.colnames
    assert len(tiled) == len(whole)
    np.testing.assert_array_equal(tiled["label"], whole["label"])
    assert repr({**tiled.meta, "date": ""}) == repr({**whole.meta, "date": ""})
    apart = np.hypot(tiled["xcentroid"] - whole["xcentroid"], tiled["ycentroid"] - whole["ycentroid"])
    assert np.mean(apart < 1e-4) >= 0.999
    for name in whole.colnames:
        if name.startswith(("sky_bbox", "sky_centroid")):
            ours, theirs = ((table[name].ra.deg, table[name].dec.deg) for table in (tiled, whole))
            np.testing.assert_allclose(ours, theirs, atol=1e-9, err_msg=name)
        else:
            ours, theirs = (np.asarray(getattr(t[name], "value", t[name]), float) for t in (tiled, whole))
            nearly_zero = 1e-4 if name.endswith("orientation") else 0  # angles [deg]
            is_same = np.isclose(ours, theirs, rtol=1e-4, atol=nearly_zero, equal_nan=True)
            assert is_same.mean() >= 0.999, (name, ours[~is_same], theirs[~is_same])


def test_segments_are_those_of_the_whole(both):
    (_, tiled), (_, whole) = both
    labels = fits.getdata(whole)
    assert np.mean(fits.getdata(tiled) == labels) > 0.9999
    sides = [max(part.stop - part.start for part in slices) for slices in ndimage.find_objects(labels.astype(int))]
    lines = labels[TILE - 1 :: TILE][: SHAPE[0] // TILE], labels[TILE::TILE]
    across = set(lines[0][lines[0] == lines[1]].tolist()) - {0}
    assert len(across) > 5  # sources at the edges of tiles
    assert max(sides) > TILE // 2  # and some that are large
    with fits.open(tiled) as ours, fits.open(whole) as theirs:
        for mine, other in zip(ours, theirs, strict=True):
            changing = ("DATE", "FILENAME", "TFORM1", "NAXIS1")
            assert fits.HeaderDiff(mine.header, other.header, ignore_keywords=changing).identical


@pytest.mark.parametrize("fwhm", [1.3, 2.0, 7.3])
@pytest.mark.parametrize("is_masked", [True, False])
def test_an_image_is_smoothed_as_by_astropy(fwhm, is_masked):
    image, *_ = sky()
    mask = np.random.default_rng(5).random(SHAPE) < 0.1 if is_masked else None
    found, expected = (smooth(image, fwhm, mask=mask) for smooth in (smoothed, tweakreg_catalog._convolve_data))
    assert found.dtype == expected.dtype
    assert np.isnan(expected).any()  # far from all that is known
    np.testing.assert_allclose(found, expected, rtol=2e-7)


@pytest.mark.parametrize("connectivity", [1, 2])
def test_pixels_that_are_connected_across_tiles_are_one_segment(connectivity):
    footprint = ndimage.generate_binary_structure(2, connectivity)
    above = np.random.default_rng(1).random((61, 47)) < 0.4
    above[:, 20] = above[5, :] = False
    above[10:50, 21] = True
    labels, _ = ndimage.label(above, structure=footprint)
    tiles = [(y, x) for y in range(0, 61, 16) for x in range(0, 47, 16)]
    pieces = [piece(above, y, x, footprint) for y, x in tiles]
    found = join(pieces, above.shape, footprint, 3)
    areas = np.bincount(labels.ravel())[1:]
    kept = np.flatnonzero(areas >= 3)
    np.testing.assert_array_equal(found.areas, areas[kept])
    slices = [ndimage.find_objects(labels)[k] for k in kept]
    np.testing.assert_array_equal(found.corners, [(x.start, y.start, x.stop, y.stop) for y, x in slices])
    np.testing.assert_array_equal(found.first, [np.flatnonzero(labels.ravel() == k + 1)[0] for k in kept])


def piece(above, y, x, footprint):
    box = Box(x, y, x + 16, y + 16) & Box.whole(above.shape)
    return pieces_of(above[box.slices], box, above.shape[1], footprint, 3)
