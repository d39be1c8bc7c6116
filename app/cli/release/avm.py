"""Astronomy Visualization Metadata (AVM) of a picture: where on the sky it is, for viewers such as Aladin and WWT.

Standard: Virtual Astronomy Multimedia Project, "Astronomy Visualization Metadata (AVM) Standard", version 1.1
(https://www.virtualastronomy.org/avm_metadata.php): tags in an XMP packet.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

__all__ = ["Frame", "packet"]

_SPACES = {
    "x": "adobe:ns:meta/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "avm": "http://www.communicatingastronomy.org/avm/1.0/",
    "dc": "http://purl.org/dc/elements/1.1/",
}
#: The values that XMP prescribes for every packet (XMP specification, part 1, section 7.3).
_BEGIN, _END = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n', '\n<?xpacket end="w"?>'


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture on the sky, north up and east to the left, in the gnomonic projection (TAN).

    Parameters
    ----------
    place : (float, float)
        Right ascension and declination of the reference point [deg].
    pixel : (float, float)
        Its pixel, x and y, from 1 at the centre of the lowest on the left, as in FITS.
    scale : float
        Of a pixel [deg].
    shape : (int, int)
        Rows and columns.
    """

    place: tuple[float, float]
    pixel: tuple[float, float]
    scale: float
    shape: tuple[int, int]


def packet(frame: Frame, title: str, creator: str, bands: Iterable[str], instruments: Iterable[str]) -> bytes:
    """The XMP packet of a picture.

    Parameters
    ----------
    frame : Frame
    title, creator : str
    bands, instruments : iterable of str
        Those that the picture shows.
    """
    tags: Mapping[str, str | list[str]] = {
        "avm:MetadataVersion": "1.1",
        "avm:Type": "Observation",
        "avm:Image.ProductQuality": "Good",
        "avm:Facility": ["JWST"],
        "avm:Instrument": list(instruments),
        "avm:Spectral.Bandpass": list(bands),
        "avm:Spatial.CoordinateFrame": "ICRS",
        "avm:Spatial.Equinox": "J2000",
        "avm:Spatial.ReferenceValue": _numbers(*frame.place),
        "avm:Spatial.ReferenceDimension": _numbers(*frame.shape[::-1]),
        "avm:Spatial.ReferencePixel": _numbers(*frame.pixel),
        "avm:Spatial.Scale": _numbers(-frame.scale, frame.scale),
        "avm:Spatial.Rotation": "0",
        "avm:Spatial.CoordsystemProjection": "TAN",
        "avm:Spatial.Quality": "Full",
        "dc:creator": [creator],
    }
    root = ElementTree.Element(_q("x:xmpmeta"))
    description = ElementTree.SubElement(
        ElementTree.SubElement(root, _q("rdf:RDF")), _q("rdf:Description"), {_q("rdf:about"): ""}
    )
    alternatives = ElementTree.SubElement(ElementTree.SubElement(description, _q("dc:title")), _q("rdf:Alt"))
    language = {"{http://www.w3.org/XML/1998/namespace}lang": "x-default"}
    ElementTree.SubElement(alternatives, _q("rdf:li"), language).text = title
    for name, value in tags.items():
        _add(description, name, value)
    for prefix, address in _SPACES.items():
        ElementTree.register_namespace(prefix, address)
    return (_BEGIN + ElementTree.tostring(root, encoding="unicode") + _END).encode()


def _add(parent: ElementTree.Element, name: str, value: str | list[str]) -> None:
    element = ElementTree.SubElement(parent, _q(name))
    if isinstance(value, str):
        element.text = value
        return
    sequence = ElementTree.SubElement(element, _q("rdf:Seq"))
    for item in value:
        ElementTree.SubElement(sequence, _q("rdf:li")).text = item


def _numbers(*values: float) -> list[str]:
    return [repr(float(value)) for value in values]


def _q(name: str) -> str:
    prefix, _, local = name.partition(":")
    return f"{{{_SPACES[prefix]}}}{local}"
