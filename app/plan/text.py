"""A plan in words: as a table for people, as JSON for programs."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from html import escape
from typing import Any

from app.crds import set_environment
from app.plan.checks import Outlook, look_ahead
from app.plan.parameters import effective
from app.plan.plan import Plan
from app.runtime.errors import CrdsError
from app.runtime.words import listed

__all__ = ["as_html", "as_json", "as_table", "columns", "describe", "look_at"]


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
        ``exposures``, ``left_out`` (other files, counted by reason), ``steps``, ``groups`` by step, ``parameters`` with
        their origin, ``references`` and ``estimate`` (memory and disk in bytes; both None where they cannot be known),
        ``problems``, ``caveats``, ``notes``.
    """
    has_references = not any(isinstance(error, CrdsError) for error in outlook.errors)
    return {
        "product": plan.product,
        "out_dir": str(plan.config.output_folder),
        "exposures": [{"file": m.exposure.name, "role": str(m.role), "reason": m.reason} for m in plan.members],
        "left_out": plan.selected.left_out if plan.selected else {},
        "steps": plan.steps(outlook.parameters),
        "groups": plan.groups,
        "parameters": {step: {n: asdict(s) for n, s in table.items()} for step, table in outlook.parameters.items()},
        "references": asdict(plan.references) if has_references else None,
        "estimate": outlook.cost and asdict(outlook.cost),
        "problems": outlook.problems,
        "caveats": [asdict(caveat) for caveat in outlook.caveats],
        "notes": outlook.notes,
    }


def look_at(plan: Plan) -> dict[str, Any]:
    """The description of a plan by itself; where there are no reference files it says so."""
    try:
        set_environment(plan.config.crds)
    except CrdsError as error:
        return describe(plan, Outlook(effective(plan.asked), None, [error], [], []))
    return describe(plan, look_ahead(plan))


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


def as_html(description: dict[str, Any]) -> str:
    """The description for a notebook: what a table says, with exposures and groups folded."""
    title, *sections = as_table(description).rstrip().split("\n\n")
    parts = [f"<b>{escape(title)}</b>"]
    for section in sections:
        head, _, rest = section.partition("\n")
        is_open = " open" if head.startswith(("Problems", "Mosaic")) else ""
        body = f"<pre>{escape(rest)}</pre>"
        parts.append(f"<details{is_open}><summary>{escape(head)}</summary>{body}</details>" if rest else escape(head))
    return "".join(f"<div>{part}</div>" for part in parts)


def columns(rows: list[list[str]]) -> Iterator[str]:
    """Rows with columns of equal width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _exposures(description: dict[str, Any]) -> Iterator[str]:
    exposures = description["exposures"]
    n_science = sum(e["role"] == "science" for e in exposures)
    yield f"Exposures: {n_science} science, {len(exposures) - n_science} background"
    yield from columns([[e["file"], e["role"], e["reason"]] for e in exposures])


def _groups(description: dict[str, Any]) -> Iterator[str]:
    yield f"Steps: {', '.join(description['steps'])}"
    yield ""
    for step, grouped in description["groups"].items():
        what = "outlier detection" if step == "native" else step
        yield f"Groups of {what}: {len(grouped)}"
        yield from columns([[name, str(len(files)), listed(files)] for name, files in grouped.items()])


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
    yield from columns(rows)


def _references(description: dict[str, Any]) -> Iterator[str]:
    references = description["references"]
    if references is None:
        yield "Reference files: not known, see below"
        return
    yield f"Reference files: {references['context']}"
    yield from columns([[reftype, name or "none"] for reftype, name in references["files"].items()])


def _cost(description: dict[str, Any]) -> Iterator[str]:
    cost = description["estimate"]
    if cost is None:
        yield "Mosaic: not known, see below"
        return
    rows, columns = cost["shape"]
    tiles = ""
    if cost["n_tiles"]:
        tiles = ", in up to {} tiles; there are {} rows and {} columns of them".format(cost["n_tiles"], *cost["cells"])
    yield f"Mosaic: {columns} x {rows} pixels, {rows * columns / 1e6:.1f} million{tiles}"
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
