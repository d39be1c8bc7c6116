"""Reference files: all there, unchanged and readable, and what the band lacks."""

import os
from collections.abc import Iterator
from pathlib import Path

from app.crds import check_manifest
from app.plan.plan import Plan
from app.record.caveats import Caveat
from app.runtime.errors import CrdsError, Lv3Error

__all__ = ["check"]


def check(plan: Plan) -> Iterator[Caveat | Lv3Error]:
    """A cache that differs from its manifest, missing files, and what the products will lack."""
    options = plan.config.crds
    try:
        if options.check_manifest and options.mode != "server":
            check_manifest(Path(os.environ["CRDS_PATH"]))
        for sentence in plan.references.caveats:
            yield Caveat("reference", sentence, "Another crds.context may have the file.")
    except CrdsError as error:
        yield error
    except OSError as error:
        yield CrdsError(f"crds.path: {error.filename}: cannot be read ({error.strerror})")
