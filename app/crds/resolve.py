"""What CRDS will select for a run, resolved before it starts.

Left to themselves crds and stpipe fail late, or end the process, or go on with default parameters where a parameter
reference is missing. Here every reference type that calwebb_image3 asks for is looked up, located and read first, by
the code that will use it.
"""

import ast
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.crds.cache.download import fetch, fetch_mappings
from app.crds.cache.layout import contexts
from app.crds.rules import data_types, find_rmap, parameter_types
from app.runtime.errors import CrdsError
from app.runtime.files import sha256

__all__ = ["ReferenceSet", "resolve"]

_REMEDY = "Make the cache again (`scripts/crds_cache.py fill`), or let crds=server download."
_NONE = "NOT FOUND n/a"  # crds's words for: not applicable to these data
_APERTURE_KEYS = ("instrument.name", "instrument.detector", "instrument.filter", "instrument.pupil", "subarray.name")


@dataclass
class ReferenceSet:
    """The references of one run.

    Attributes
    ----------
    context : str
        The CRDS context that was used, ``jwst_NNNN.pmap``.
    files : dict
        File name by reference type; None where the context has none for these data, and the step's defaults hold.
    sha256 : dict
        SHA-256 by file name.
    caveats : list of str
        What will be missing from the products.
    """

    context: str
    files: dict[str, str | None] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)
    caveats: list[str] = field(default_factory=list)


def resolve(exposure: Path | Mapping[str, Any], skip: Collection[str] = ()) -> ReferenceSet:
    """Look up, locate and read every reference of a run.

    Call `set_environment` first. In the server-less modes nothing is downloaded.

    Parameters
    ----------
    exposure : pathlib.Path or mapping
        The first science exposure (stpipe asks for that one), or its CRDS parameters, as
        ``DataModel.get_crds_parameters`` gives them.
    skip : collection of str
        Steps that do not run, and so need no reference files.

    Returns
    -------
    ReferenceSet
        The files, and what the run will lack.

    Raises
    ------
    CrdsError
        For a cache that lacks or spoils what the run will ask for; all problems at once.
    """
    given = exposure if isinstance(exposure, Mapping) else _crds_parameters(exposure)
    # Rules ask for metadata; for anything else, such as each line of an exposure's log, crds walks a schema.
    parameters = {name: value for name, value in given.items() if name.startswith("meta.")}
    references = ReferenceSet(context=os.environ["CRDS_CONTEXT"])
    cache = Path(os.environ["CRDS_PATH"])
    server = "serverless" not in os.environ["CRDS_SERVER_URL"]
    if server:
        fetch_mappings(references.context)
    else:
        _check_cache(cache, references.context)
    problems = _look_up(parameters, references, skip)
    if server:
        fetch(references.context, [name for name in references.files.values() if name])
    problems += _read(parameters, references)
    if problems:
        raise CrdsError([f"CRDS cache {cache}, {references.context}: {problem}" for problem in problems])
    return references


def _crds_parameters(exposure: Path) -> dict[str, Any]:
    from stdatamodels.jwst.datamodels import read_metadata

    from app.observation.wcs_check import opened_by_jwst

    with opened_by_jwst(exposure):
        return read_metadata(exposure, flatten=True)


def _check_cache(cache: Path, context: str) -> None:
    """Refuse a cache in which the client would call sys.exit, or ask the server that there is not."""
    problems = []
    try:
        ast.literal_eval((cache / "config/jwst/server_config").read_text())
    except (OSError, ValueError, SyntaxError) as error:
        problems.append(f"The CRDS cache {cache} has no readable config/jwst/server_config ({error}). {_REMEDY}")
    if context not in contexts(cache):
        there = ", ".join(contexts(cache)) or "none"
        problems.append(f"crds.context={context} is not in the CRDS cache {cache}; there: {there}. {_REMEDY}")
    if problems:
        raise CrdsError(problems)


def _look_up(parameters: Mapping[str, Any], references: ReferenceSet, skip: Collection[str]) -> list[str]:
    """Fill in the names of the files; returns the problems."""
    steps = data_types(skip)
    types = [*steps, *parameter_types()]
    ruled, problems = _ruled_types(parameters, references.context, types)
    if problems:
        return problems
    best = _ask(lambda crds: crds.getrecommendations(dict(parameters), ruled, references.context, observatory="jwst"))
    for reftype in types:
        found = best.get(reftype, _NONE)
        missing = found.startswith("NOT FOUND")
        reason = found.removeprefix("NOT FOUND ")
        references.files[reftype] = None if missing else found
        if missing and reftype in steps:
            problems.append(
                f"no {reftype} for these data ({reason}), without which {steps[reftype]} fails at the end of the run. "
                f"jwst_parameters.{steps[reftype]}.skip=true runs without that step."
            )
        elif missing and found != _NONE:
            references.caveats.append(f"CRDS has no {reftype} for these data ({reason}): the step's defaults are used.")
    return problems


def _ruled_types(parameters: Mapping[str, Any], context: str, types: list[str]) -> tuple[list[str], list[str]]:
    """Return the types for which the context has rules, and problems with their files."""
    imap = _ask(lambda crds: crds.get_cached_mapping(context).get_imap(parameters["meta.instrument.name"]))
    ruled, problems = [], []
    for reftype in types:
        try:
            if find_rmap(imap, reftype):
                ruled.append(reftype)
        except Exception as error:  # noqa: BLE001 - a spoiled file can raise anything
            problems.append(f"the rules for {reftype} cannot be used: {error}. {_REMEDY}")
    return ruled, problems


def _ask(question: Callable[[Any], Any]) -> Any:
    """Ask crds, whose errors are exceptions of many kinds, and sys.exit where it finds no server_config."""
    import crds

    try:
        return question(crds)
    except (Exception, SystemExit) as error:
        raise CrdsError(f"CRDS cannot be used ({type(error).__name__}: {error}). {_REMEDY}") from error


def _read(parameters: Mapping[str, Any], references: ReferenceSet) -> list[str]:
    """Read each file as the pipeline will; returns the problems."""
    from crds import locate_file
    from stpipe import config_parser

    paths = {reftype: Path(locate_file(name, "jwst")) for reftype, name in references.files.items() if name}
    problems = []
    for reftype, path in paths.items():
        try:
            references.sha256[path.name] = sha256(path)
            if reftype.startswith("pars-"):
                config_parser.load_config_file(path)
        except Exception as error:  # noqa: BLE001 - whatever it is, the file cannot be read
            problems.append(_unreadable(path.name, error))
    if not problems and {"apcorr", "abvegaoffset"} <= paths.keys():
        catalogue = [paths["apcorr"], paths["abvegaoffset"]]
        try:
            references.caveats += _catalogue_caveats(parameters, catalogue)
        except Exception as error:  # noqa: BLE001
            problems.append(_unreadable(" or ".join(path.name for path in catalogue), error))
    return problems


def _unreadable(name: str, error: Exception) -> str:
    return f"{name} cannot be read ({type(error).__name__}: {error}). {_REMEDY}"


def _catalogue_caveats(parameters: Mapping[str, Any], paths: list[Path]) -> list[str]:
    """Ask the source catalogue's own code for its apertures; where it finds none it makes no catalogue."""
    from jwst.source_catalog.reference_data import ReferenceData
    from stdatamodels.jwst import datamodels

    with datamodels.ImageModel((1, 1)) as model:
        for key in _APERTURE_KEYS:
            model[f"meta.{key}"] = parameters.get(f"meta.{key}")
        model.meta.resample.pixel_scale_ratio = 1.0
        reference_data = ReferenceData(model, [str(path) for path in paths], aperture_ee=(30, 50, 70))
        try:
            _ = reference_data.aperture_params, reference_data.abvega_offset
        except RuntimeError as error:
            return [f"There will be no source catalogue: {error}"]
    return []
