"""What the record says of files: inputs, what else is read, products."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.record.provenance import datasums
from app.runtime.files import sha256

if TYPE_CHECKING:
    from app.observation.members import Member

__all__ = ["content_entry", "input_entry", "product_entry"]


def input_entry(member: Member) -> dict[str, Any]:
    """What the record says of an input: its size, time and checksum, its role, and how it was calibrated."""
    exposure = member.exposure
    said = {"role": str(member.role), "reason": member.reason, "date": exposure.date}
    return content_entry(exposure.file) | said | {"calibration": asdict(exposure.calibration)}


def content_entry(path: Path) -> dict[str, Any]:
    """What the record says of a file that is read: its size, time and checksum."""
    status = path.stat()
    return {"file": str(path), "size": status.st_size, "mtime_ns": status.st_mtime_ns, "sha256": sha256(path)}


def product_entry(path: Path) -> dict[str, Any]:
    """What the record says of a product: its size and checksums."""
    entry = {"file": path.name, "size": path.stat().st_size, "sha256": sha256(path)}
    return entry | ({"datasum": datasums(path)} if path.suffix == ".fits" else {})
