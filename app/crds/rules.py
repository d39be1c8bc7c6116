"""Which reference types calwebb_image3 asks for, and what the rules of a context say about each."""

from collections.abc import Collection
from typing import Any

__all__ = ["data_types", "find_rmap", "parameter_types"]


def data_types(skip: Collection[str] = ()) -> dict[str, str]:
    """Return the step that asks for a reference file, by reference type; steps in `skip` do not ask."""
    from app.crds.image3 import Image3Pipeline

    steps = {name: step for name, step in Image3Pipeline.step_defs.items() if name not in skip}
    return {reftype: name for name, step in steps.items() for reftype in step.reference_file_types}


def parameter_types() -> list[str]:
    """Return the types of the parameter references, ``pars-<step>``, in the order in which stpipe asks for them."""
    from app.crds.image3 import Image3Pipeline

    return [step.get_config_reftype() for step in (*Image3Pipeline.step_defs.values(), Image3Pipeline)]


def find_rmap(imap: Any, reftype: str) -> Any | None:
    """Return the rules for a type; None where the context says that the instrument has none."""
    from crds.core.exceptions import CrdsUnknownReftypeError, IrrelevantReferenceTypeError, OmitReferenceTypeError

    try:
        return imap.get_rmap(reftype)
    except (CrdsUnknownReftypeError, IrrelevantReferenceTypeError, OmitReferenceTypeError):
        return None
