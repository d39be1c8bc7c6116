"""What a run says when it starts: in its log what it is, on the terminal what was before, what it does and needs."""

import logging
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from app.config.schema import Lv3Config
from app.plan.checks import Outlook
from app.plan.duration import Duration, expected_duration
from app.plan.plan import Plan
from app.record.product_kinds import product_kinds
from app.record.provenance import host, image, versions
from app.record.record import State
from app.record.standing import FOUND_BEFORE
from app.run.resumption import Beginning
from app.runtime.progress import expect

__all__ = ["say_how_it_is_made", "say_what_comes", "say_what_was_before", "steps_to_come"]

log = logging.getLogger(__name__)


def say_how_it_is_made(config: Lv3Config) -> None:
    """Begin the log: command, versions, host, and the keys that are not at their default."""
    default, machine = Lv3Config(), host()
    packages = " ".join(f"{name} {version}" for name, version in versions().items())
    changed = {
        item.name: value
        for item in fields(config)
        if (value := getattr(config, item.name)) != getattr(default, item.name)
    }
    for line in (
        f"command: {shlex.join(['jwst-lv3', *sys.argv[1:]])}",
        f"in: {os.getcwd()}",  # noqa: PTH109 - a text
        f"versions: {packages}",
        f"host: {machine['name']}, {machine['system']}, {machine['cores']} cores, {machine['memory'] / 1e9:.1f} GB",
        f"image: {image() or 'none'}",
        *(f"configuration: {key}={value}" for key, value in changed.items()),
    ):
        log.info("%s", line, extra={"file_only": True})


def say_what_was_before(found: Mapping[str, Any] | None, begin: Beginning) -> None:
    """Say that the run before was killed, going by the record that it left, and how this one begins for all that."""
    if found and found["state"] == State.RUNNING:
        process = f"process {found['host']['pid']} on {found['host']['name']}"
        log.warning(
            "the run of %s (%s) was killed, or crashed, before it could report an error", found["started"], process
        )
    for words in begin.words:
        log.warning("%s", words)


def steps_to_come(plan: Plan, begin: Beginning, with_companions: bool) -> list[str]:
    """What a run is going to do, by name, in order; companions are made of each exposure after the mosaic."""
    companions = [kind.name for kind in product_kinds(plan.config)] if with_companions else []
    after = companions + ["report"] * plan.config.report
    measure = [] if "measurements" in (begin.record or {}) else ["measure"]
    pipeline = [] if begin.is_made else plan.steps(plan.parameters)
    pipeline = [step for step in pipeline if not (begin.is_aligned and step in FOUND_BEFORE)]
    return [*pipeline, *measure, *after]


def say_what_comes(plan: Plan, outlook: Outlook | None, steps: Sequence[str]) -> None:
    """Say what is combined, what it needs and how long it may take, with every caveat that is foreseen.

    Parameters
    ----------
    plan : Plan
    outlook : Outlook or None
        None where a finished mosaic only gets more products.
    steps : sequence of str
        What is going to be done, in order.
    """
    duration = expected_duration(plan, steps)
    if outlook:
        groups = ", ".join(f"{step} {len(grouped)}" for step, grouped in plan.groups.items() if step != "native")
        n_background = len(plan.members) - len(plan.science)
        log.info("%d science and %d background exposures; groups: %s", len(plan.science), n_background, groups)
        for note in outlook.notes:
            log.info("note: %s", note)
        for caveat in outlook.caveats:
            log.info("caveat foreseen: %s: %s %s", caveat.code, caveat.message, caveat.hint)
    log.info("%s", _needs(outlook, duration))
    expect(steps, duration.seconds)


def _needs(outlook: Outlook | None, duration: Duration) -> str:
    time = f"some {max(duration.total / 60, 0.1):.1f} minutes ({duration.origin})"
    if not outlook or not outlook.cost:
        return f"expected: {time}"
    cost = outlook.cost
    rows, columns = cost.shape
    needs = f"{cost.memory / 1e9:.1f} GB of memory, {cost.disk / 1e9:.2f} GB of disk"
    tiles = f" in up to {cost.n_tiles} tiles" if cost.n_tiles else ""
    return f"expected: a mosaic of {columns} x {rows} pixels{tiles}, {needs}, {time}"
