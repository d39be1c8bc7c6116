"""Products of post-processing: which are asked for, and which exist; from the configuration and the record alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.config.schema import Lv3Config
from app.observation.names import BLOTTED, DRIZZLED, exposure_product
from app.observation.packed import unpacked_name

__all__ = ["ProductKind", "is_made_after", "option_differences", "product_kinds"]


@dataclass(frozen=True, slots=True)
class ProductKind:
    """One kind of product, to be made for every science exposure, or for every group of them.

    Parameters
    ----------
    name : str
        ``drizzle``, ``drizzle_group`` or ``blot``.
    suffix : str
        End of the products' names.
    options : dict
        Keys of the configuration that change the products, as they are recorded.
    by_group : bool
        Each is made of all detectors of an exposure: jwst's own groups.
    """

    name: str
    suffix: str
    options: dict[str, Any]
    by_group: bool = False

    def names(self, exposures: Iterable[str], groups: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
        """Names of the products, and of the input files that each is made of.

        Parameters
        ----------
        exposures : iterable of str
            Names of the science exposures' files.
        groups : mapping of str to iterable of str
            The same by jwst's own groups.
        """
        if not self.by_group:
            return {exposure_product(name, self.suffix): [name] for name in exposures}
        return {f"{group}_{self.suffix}.fits": list(members) for group, members in groups.items()}

    def missing(self, record: dict[str, Any], folder: Path) -> dict[str, list[Path]]:
        """The products that are not there, not listed in the record or not in the folder, by name.

        Returns
        -------
        dict of str to list of Path
            The input files that each is made of.
        """
        listed = {product["file"] for product in record["products"]}
        wanted = self.of(record)
        return {name: files for name, files in wanted.items() if name not in listed or not (folder / name).is_file()}

    def of(self, record: dict[str, Any]) -> dict[str, list[Path]]:
        """All products of a run, and the input files that each is made of."""
        science = {path.name: path for path in _science(record)}
        names = self.names(science, record["groups"]["native"] if self.by_group else {})
        return {product: [science[name] for name in members] for product, members in names.items()}


def _science(record: dict[str, Any]) -> list[Path]:
    return [Path(unpacked_name(entry["file"])) for entry in record["inputs"] if entry["role"] == "science"]


def product_kinds(config: Lv3Config) -> list[ProductKind]:
    """The kinds of products that a configuration asks for."""
    found = []
    if config.do_drizzle:
        options: dict[str, Any] = {"drizzle_footprint_only": config.drizzle_footprint_only}
        by_group = config.drizzle_by == "group"
        found.append(ProductKind("drizzle_group" if by_group else "drizzle", DRIZZLED, options, by_group))
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
        if kind.name in recorded and len(kind.missing(record, config.output_folder)) < len(kind.of(record))
        for key, value in kind.options.items()
        if recorded[kind.name][key] != value
    ]


def is_made_after(product: str) -> bool:
    """Whether a product is made after the mosaic, for one exposure or the detectors of one."""
    return product.endswith((f"{DRIZZLED}.fits", f"{BLOTTED}.fits"))
