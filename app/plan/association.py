"""The level-3 association: which files make which product, in the form that jwst reads."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from app.observation.grouping import native_group_id
from app.observation.members import Member
from app.runtime.files import write_text

__all__ = ["association", "association_text", "write_association"]


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


def association_text(table: dict[str, Any]) -> str:
    """An association as it is written."""
    return json.dumps(table, indent=2) + "\n"


def write_association(table: dict[str, Any], path: Path) -> Path:
    """Write an association, whole or not at all."""
    return write_text(path, association_text(table))
