"""A plan in words: as a table for people, as JSON for programs."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from app.plan.checks import Outlook
from app.plan.plan import Plan
from app.runtime.errors import CrdsError

__all__ = ["as_json", "as_table", "describe"]


def describe(plan: Plan, outlook: Outlook) -> dict[str, Any]:
    """What would be done, as a table that JSON can hold.

    Parameters
    ----------
    plan : Plan
    outlook : Outlook
        From `preflight.look_ahead`.

    Returns
    -------
    dict
        ``exposures``, ``steps``, ``groups`` by step, ``parameters`` with their origin, ``references`` and ``estimate``
        (memory and disk in bytes; both None where they cannot be known), ``problems``, ``caveats``, ``notes``.
    """
    try:
        references = asdict(plan.references)
    except CrdsError:
        references = None
    return {
        "product": plan.product,
        "out_dir": str(plan.config.output_folder),
        "exposures": [{"file": m.exposure.name, "role": str(m.role), "reason": m.reason} for m in plan.members],
        "steps": plan.steps(outlook.parameters),
        "groups": plan.groups,
        "parameters": {step: {n: asdict(s) for n, s in table.items()} for step, table in outlook.parameters.items()},
        "references": references,
        "estimate": outlook.cost and asdict(outlook.cost),
        "problems": outlook.problems,
        "caveats": [asdict(caveat) for caveat in outlook.caveats],
        "notes": outlook.notes,
    }


def as_json(description: dict[str, Any]) -> str:
    """The description as JSON."""
    return json.dumps(description, indent=2, default=str) + "\n"


def as_table(description: dict[str, Any]) -> str:
    """The description as text; of the parameters only those that are not at their default."""
    sections = (_exposures, _groups, _parameters, _references, _cost, _findings)
    lines = [f"{description['product']} -> {description['out_dir']}"]
    for section in sections:
        lines += ["", *section(description)]
    return "\n".join(lines) + "\n"


def _columns(rows: list[list[str]]) -> Iterator[str]:
    """Rows with columns of equal width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _exposures(description: dict[str, Any]) -> Iterator[str]:
    exposures = description["exposures"]
    n_science = sum(e["role"] == "science" for e in exposures)
    yield f"Exposures: {n_science} science, {len(exposures) - n_science} background"
    yield from _columns([[e["file"], e["role"], e["reason"]] for e in exposures])


def _groups(description: dict[str, Any]) -> Iterator[str]:
    yield f"Steps: {', '.join(description['steps'])}"
    yield ""
    for step, grouped in description["groups"].items():
        what = "outlier detection" if step == "native" else step
        yield f"Groups of {what}: {len(grouped)}"
        yield from _columns([[name, str(len(files)), _shortened(files)] for name, files in grouped.items()])


def _shortened(files: list[str], shown: int = 3) -> str:
    return ", ".join(files[:shown]) + (f", and {len(files) - shown} more" if len(files) > shown else "")


def _parameters(description: dict[str, Any]) -> Iterator[str]:
    table = description["parameters"]
    rows = [
        [f"{step}.{name}", str(setting["value"]), setting["origin"]]
        for step, settings in table.items()
        for name, setting in settings.items()
        if setting["origin"] != "default"
    ]
    n_default = sum(map(len, table.values())) - len(rows)
    yield f"Parameters: {len(rows)} set; {n_default} at the steps' defaults (plan_format=json lists them)"
    yield from _columns(rows)


def _references(description: dict[str, Any]) -> Iterator[str]:
    references = description["references"]
    if references is None:
        yield "Reference files: not known, see below"
        return
    yield f"Reference files: {references['context']}"
    yield from _columns([[reftype, name or "none"] for reftype, name in references["files"].items()])


def _cost(description: dict[str, Any]) -> Iterator[str]:
    cost = description["estimate"]
    if cost is None:
        yield "Mosaic: not known, see below"
        return
    rows, columns = cost["shape"]
    yield f"Mosaic: {columns} x {rows} pixels, {rows * columns / 1e6:.1f} million"
    yield f"Memory: some {_gigabytes(cost['memory'])}"
    yield f"Disk: some {_gigabytes(cost['disk'])} in {cost['n_files']} files"


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.2f} GB"


def _findings(description: dict[str, Any]) -> Iterator[str]:
    problems, caveats = description["problems"], description["caveats"]
    yield f"Problems: {len(problems) or 'none'}"
    yield from (f"  {problem}" for problem in problems)
    yield f"Caveats: {len(caveats) or 'none'}"
    yield from (f"  {caveat['code']}: {caveat['message']} {caveat['hint']}".rstrip() for caveat in caveats)
    if notes := description["notes"]:
        yield f"Notes: {len(notes)}"
        yield from (f"  {note}" for note in notes)
