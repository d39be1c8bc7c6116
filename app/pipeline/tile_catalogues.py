"""Catalogues of tiles: several at a time, each by one process."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from app.pipeline.context import Context
from app.pipeline.divided.mosaic_file import MosaicFile
from app.pipeline.divided.tiles import Tile
from app.pipeline.pipeline import make_pipeline
from app.plan.parameters import Layer
from app.runtime.pool import run_all

__all__ = ["make_catalogues"]


def make_catalogues(chosen: list[Layer], context: Context, tiles: Sequence[Tile]) -> None:
    """Make a catalogue of each tile, as the pipeline makes that of a mosaic.

    Parameters
    ----------
    chosen : list of Layer
        Parameters of the pipeline, weakest first.
    context : Context
        What it was run with; takes time and caveats.
    tiles : sequence of Tile
    """
    bare = replace(
        context, procs=1, notes=_Caveats(), take=_nothing, catalogue="whole"
    )  # without what belongs to this process
    with context.notes.timed("source_catalog"):
        for caveats in run_all(partial(_make, chosen, bare), tiles, context.procs):
            for caveat in caveats:
                context.notes.warn(*caveat)


class _Caveats(list[tuple[str, str, str]]):
    """Keeps caveats, and nothing else of what steps have to tell."""

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:  # noqa: ARG002
        yield

    def add(self, **facts: Any) -> None:
        pass

    def warn(self, code: str, message: str, hint: str) -> None:
        self.append((code, message, hint))


def _nothing() -> None:
    pass


def _make(chosen: list[Layer], context: Context, tile: Tile) -> Sequence[tuple[str, str, str]]:
    """Make one catalogue; its caveats."""
    notes = _Caveats()
    product = f"{context.product}_{tile.cell.name}"
    pipeline = make_pipeline(chosen, replace(context, product=product, notes=notes))
    pipeline.process(MosaicFile(tile.path))
    return list(notes)
