"""Keywords of a released image: what MAST requires, and a WCS for every extension.

Rules: MAST, HLSP Contributor Guide, "Common Metadata", "Image Metadata" and "Organizing the Collection"
(https://outerspace.stsci.edu/display/MASTDOCS/Common+Metadata and further), with the table of keywords of
https://github.com/spacetelescope/mast_contributor_tools (metadata_check/metadata_keywords.yaml), in 2026.
"""

import re
from collections.abc import Iterator
from typing import Any

from astropy.io import fits

from app.cli.release.runs import Run
from app.config.schema import Lv3Config

__all__ = ["IMAGE", "LICENCE", "LICENCE_ADDRESS", "PRIMARY", "add_wcs", "hlsp_cards", "wcs_cards"]

LICENCE, LICENCE_ADDRESS = "CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"
#: Keywords that the primary header needs.
PRIMARY = (
    *("DATE-BEG", "DATE-END", "MJD-BEG", "MJD-END", "MJD-MID", "TIMESYS", "XPOSURE"),
    *("DOI", "HLSPID", "HLSPLEAD", "HLSPNAME", "HLSPTARG", "HLSPVER", "LICENSE", "LICENURL"),
    *("INSTRUME", "OBSERVAT", "TELESCOP", "FILTER", "RA_TARG", "DEC_TARG"),
)
#: Keywords that an image on the sky needs.
IMAGE = (
    *("CTYPE1", "CTYPE2", "CRPIX1", "CRPIX2", "CRVAL1", "CRVAL2", "CDELT1", "CDELT2"),
    *("PC1_1", "PC1_2", "PC2_1", "PC2_2", "RADESYS", "WCSAXES"),
)

_WCS = re.compile(r"WCSAXES|RADESYS|L(ON|AT)POLE|(CRPIX|CRVAL|CTYPE|CUNIT|CDELT)[12]|PC[12]_[12]")

Card = tuple[str, Any, str]


def hlsp_cards(run: Run, config: Lv3Config, hdus: fits.HDUList) -> list[Card]:
    """What the primary header of a released image says, in addition to what jwst wrote there.

    Parameters
    ----------
    run : Run
    config : Lv3Config
        Names the project, its version, its lead, the DOI.
    hdus : HDUList
        The mosaic.
    """
    cards: list[Card] = [
        ("HLSPID", config.hlsp_id, "identifier of the HLSP collection"),
        ("HLSPNAME", config.hlsp_name, "title of the HLSP project"),
        ("HLSPLEAD", config.hlsp_lead, "full name of the project lead"),
        ("HLSPVER", config.hlsp_version, "version of this product"),
        ("HLSPTARG", run.target.encode("ascii", "replace").decode(), "designation of the target"),
        ("DOI", config.hlsp_doi, "DOI of the collection"),
        ("REFERENC", config.hlsp_reference, "paper that describes the collection"),
        ("LICENSE", LICENCE, "licence for use of these data"),
        ("LICENURL", LICENCE_ADDRESS, ""),
        ("OBSERVAT", "JWST", "observatory"),
        *_observed(hdus[0].header, hdus["SCI"].header),
        ("PSFSIZE", _psf_size(run), "[arcsec] FWHM of stars in the mosaic"),
    ]
    return [card for card in cards if card[1] is not None]


def _observed(primary: fits.Header, science: fits.Header) -> Iterator[Card]:
    """When and where was observed, as jwst says it in the mosaic, under the names that MAST asks for."""
    begin, end = science.get("MJD-BEG"), science.get("MJD-END")
    yield "PROPOSID", primary.get("PROGRAM"), "program of the observations"
    yield "RA_TARG", primary.get("TARG_RA"), "[deg] right ascension of the target"
    yield "DEC_TARG", primary.get("TARG_DEC"), "[deg] declination of the target"
    yield "TIMESYS", primary.get("TIMESYS", "UTC"), "time system of time-related keywords"
    yield "MJD-BEG", begin, "[d] start of the first exposure"
    yield "MJD-END", end, "[d] end of the last exposure"
    yield "MJD-MID", (begin + end) / 2 if begin and end else None, "[d] middle between these"
    yield "XPOSURE", science.get("XPOSURE"), "[s] effective exposure time, all together"
    yield "SIMULATD", True if primary.get("SDP_VER") == "simulated" else None, "these data are simulated"


def _psf_size(run: Run) -> float | None:
    mosaic = (run.record.get("measurements") or {}).get("mosaic") or {}
    return mosaic.get("fwhm")


def wcs_cards(science: fits.Header) -> list[fits.Card]:
    """The cards of the WCS of the image in extension SCI."""
    return [card for card in science.cards if _WCS.fullmatch(card.keyword)]


def add_wcs(header: fits.Header, cards: list[fits.Card]) -> None:
    """Give an image of the same grid its WCS; where it has planes, a third axis counts them."""
    header.extend(fits.Card(*card) for card in cards if card.keyword not in header)  # copies: a header owns its cards
    if header["NAXIS"] == 3:
        header["WCSAXES"] = 3
        for key, value in (("CTYPE3", "PLANE"), ("CRPIX3", 1.0), ("CRVAL3", 1.0), ("CDELT3", 1.0), ("CUNIT3", "")):
            header[key] = value
