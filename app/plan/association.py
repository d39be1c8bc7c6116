"""The level-3 association: which files make which product, in the form that jwst reads."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from app.config.schema import Lv3Config
from app.observation.bands import Band
from app.observation.grouping import native_group_id
from app.observation.members import Member
from app.runtime.files import write_text

__all__ = ["association", "association_name", "product_name", "write_association"]


def product_name(config: Lv3Config, band: Band) -> str:
    """``<target>_<instrument>_lv3_<band>[_bgr]``, lower case: the root of the mosaic's file name."""
    return f"{config.target}_{band.instrument}_lv3_{band.name}{_suffix(config)}".lower()


def association_name(config: Lv3Config, band: Band) -> str:
    """File name of the association."""
    return f"asn_lv3_{band.name.lower()}{_suffix(config)}.json"


def _suffix(config: Lv3Config) -> str:
    return "_bgr" if config.is_bgr else ""


def association(members: list[Member], product: str, target: str) -> dict[str, Any]:
    """The association as a table, by the rules of jwst's level-3 schema.

    Every member carries its native group, so that nobody has to guess it. There is no ``asn_id``: jwst would put it
    into the names of the exposures' products, and a private folder keeps runs apart already.

    Parameters
    ----------
    members : list of Member
    product : str
        Root of the mosaic's file name.
    target : str
    """
    return {
        "asn_type": "image3",
        "asn_rule": "DMS_Level3_Base",
        "version_id": None,
        "code_version": version("jwst"),
        "degraded_status": "No known degraded exposures in association.",
        "program": members[0].exposure.program,
        "constraints": "No constraints",
        "target": target,
        "asn_pool": "none",
        "products": [{"name": product, "members": [_entry(member) for member in members]}],
    }


def _entry(member: Member) -> dict[str, str]:
    return {
        "expname": str(member.exposure.path),
        "exptype": str(member.role),
        "group_id": native_group_id(member.exposure),
    }


def write_association(table: dict[str, Any], path: Path) -> Path:
    """Write an association, whole or not at all."""
    return write_text(path, json.dumps(table, indent=2) + "\n")
