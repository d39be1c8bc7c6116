"""What can be set of jwst's pipeline and its steps, and to what, as their own specification says."""

from copy import deepcopy
from difflib import get_close_matches
from functools import cache
from typing import Any

from app.plan.values import problem_with_value

__all__ = ["PIPELINE", "allowed_names", "default_of", "problem_with", "specification", "typed"]

#: What stands for the pipeline among the steps.
PIPELINE = "pipeline"

# What the program itself decides: where products go, and that they are written.
_OURS = {
    *("input_dir", "output_dir", "output_file", "output_ext", "output_use_index", "output_use_model"),
    *("class", "config_file", "name", "pre_hooks", "post_hooks", "save_results", "search_output_file", "suffix"),
}


@cache
def specification() -> dict[str, dict[str, str]]:
    """``{step: {parameter: check}}`` of what can be set, as jwst's own configspec says; imports jwst."""
    from app.crds.image3 import Image3Pipeline

    spec = Image3Pipeline.load_spec_file()
    sections = {PIPELINE: spec, **{step: spec["steps"][step] for step in spec["steps"].sections}}
    return {
        step: {name: section[name].rstrip(", ") for name in section.scalars if name not in _OURS}
        for step, section in sections.items()
    }


def allowed_names() -> dict[str, Any]:
    """What a table of parameters may hold, as `selectors` asks for it."""
    spec = specification()
    return {step: dict.fromkeys(known) for step, known in spec.items() if step != PIPELINE} | dict.fromkeys(
        spec[PIPELINE]
    )


def problem_with(step: str, name: str, value: Any) -> str:
    """What is wrong with one parameter, what is allowed, and the nearest name; empty where nothing is."""
    from configobj.validate import ValidateError

    spec = specification()
    if name in _OURS:
        return ": the program decides this itself; remove it"
    if name not in spec.get(step, {}):
        also = spec if step == PIPELINE else ()
        near = get_close_matches(name, [*spec.get(step, ()), *also], n=1)
        return ": no such parameter" + (f"; did you mean {near[0]}?" if near else "")
    check = spec[step][name]
    try:
        result = typed(check, value)
    except ValidateError as error:
        return f"={value!r}: {error} Allowed: {_allowed(check)}"
    if result is None and default_of(check) is not None:
        return f"={value!r}: a value is needed; remove it for the default. Allowed: {_allowed(check)}"
    return problem_with_value(name, result)


def typed(check: str, value: Any) -> Any:
    """A value as a check of the configspec makes it, of its type; where it refuses it, configobj's `ValidateError`."""
    from configobj.validate import Validator

    return Validator().check(check, deepcopy(value))


def default_of(check: str) -> Any:
    """The value that a check of the configspec gives where there is none."""
    from configobj.validate import Validator

    return Validator().check(check, "", missing=True)


def _allowed(check: str) -> str:
    """What a check of the configspec allows, in words: ``option('a', 'b', default='a')`` is one of a, b."""
    kind, _, rest = check.partition("(")
    arguments = [part.strip().strip("'\"") for part in rest.rstrip(")").split(",")]
    arguments = [part for part in arguments if part and not part.startswith("default")]
    if kind == "option":
        return f"one of {', '.join(arguments)}"
    return " ".join([kind.replace("_", " "), *(part.replace("=", " ") for part in arguments)])
