"""Products of post-processing: which are asked for, and which exist; from the configuration and the record alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.config.schema import Lv3Config
from app.observation.names import BLOTTED, DRIZZLED, exposure_product
from app.observation.packed import unpacked_name

__all__ = ["ProductKind", "is_made_after", "option_differences", "product_kinds"]


@dataclass(frozen=True, slots=True)
class ProductKind:
    """One kind of product, to be made for every science exposure.

    Parameters
    ----------
    name : str
        ``drizzle`` or ``blot``.
    suffix : str
        End of the products' names.
    options : dict
        Keys of the configuration that change the products, as they are recorded.
    """

    name: str
    suffix: str
    options: dict[str, Any]

    def product(self, exposure: str) -> str:
        """Name of the product that belongs to an input file."""
        return exposure_product(exposure, self.suffix)

    def missing(self, record: dict[str, Any], folder: Path) -> list[Path]:
        """The science exposures whose product is not there: not listed in the record, or not in the folder."""
        listed = {product["file"] for product in record["products"]}
        there = {exposure for exposure in _science(record) if (folder / self.product(exposure.name)).is_file()}
        return [e for e in _science(record) if e not in there or self.product(e.name) not in listed]


def _science(record: dict[str, Any]) -> list[Path]:
    return [Path(unpacked_name(entry["file"])) for entry in record["inputs"] if entry["role"] == "science"]


def product_kinds(config: Lv3Config) -> list[ProductKind]:
    """The kinds of products that a configuration asks for."""
    found = []
    if config.do_drizzle:
        options: dict[str, Any] = {"drizzle_footprint_only": config.drizzle_footprint_only}
        found.append(ProductKind("drizzle", DRIZZLED, options))
    if config.do_blot:
        options = {"blot_fillval": config.blot_fillval}
        found.append(ProductKind("blot", BLOTTED, options))
    return found


def option_differences(record: dict[str, Any], config: Lv3Config) -> list[str]:
    """Options that differ between a configuration and the products of a run that exist."""
    recorded = record.get("postprocess", {})
    return [
        f"{key}: was {recorded[kind.name][key]}, is {value}"
        for kind in product_kinds(config)
        if kind.name in recorded and len(kind.missing(record, config.output_folder)) < len(_science(record))
        for key, value in kind.options.items()
        if recorded[kind.name][key] != value
    ]


def is_made_after(product: str) -> bool:
    """Whether a product is made after the mosaic, for one exposure."""
    return product.endswith((f"{DRIZZLED}.fits", f"{BLOTTED}.fits"))
