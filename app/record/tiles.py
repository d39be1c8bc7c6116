"""The index of a mosaic's tiles, as a run wrote it."""

import json
from pathlib import Path
from typing import Any

from app.observation.names import TILES_INDEX

__all__ = ["read_index"]


def read_index(folder: Path) -> dict[str, Any] | None:
    """Content of ``tiles.json`` in a folder: corners [deg], limits on the grid [pixel]; None where there is none."""
    path = folder / TILES_INDEX[0]
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
