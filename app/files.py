"""Files that appear whole or not at all, and their checksums."""

import hashlib
import os
from pathlib import Path

__all__ = ["publish", "sha256", "write_text"]


def write_text(path: Path, text: str) -> Path:
    """Write a text file under a temporary name beside its place, then rename it there."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def publish(path: Path, folder: Path) -> Path:
    """Move a finished file into `folder`, on the same file system: readers see the old or the new, never a part."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return path.replace(folder / path.name)


def sha256(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
