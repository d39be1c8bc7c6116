"""Filling a CRDS cache for a pinned context: all rules, and the references that calwebb_image3 asks for in imaging."""

import logging
from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from app.crds.cache.download import fetch, fetch_mappings, patiently
from app.crds.cache.layout import contexts, write_config
from app.crds.environment import CONTEXT, CrdsOptions, set_environment
from app.crds.manifest import check_manifest, write_manifest
from app.crds.rules import data_types, find_rmap, parameter_types
from app.observation.bands import IMAGING
from app.runtime.errors import CrdsError
from app.runtime.files import settle

__all__ = ["fill"]

log = logging.getLogger(__name__)

_ANY = ("ANY", "GENERIC", "N/A")  # words in the rules that allow every value


def fill(cache: Path, context: str = CONTEXT, exp_types: Collection[str] = tuple(IMAGING)) -> Path:
    """Fill a cache from the CRDS server, and write its manifest.

    The cache appears under its name when it is whole. Until then it grows in ``<cache>.partial``, from which the next
    call goes on. Call this in a process of its own: crds remembers its environment.

    Parameters
    ----------
    cache : pathlib.Path
        A folder that does not exist yet, or is empty; one that holds this context already is checked and left alone.
    context : str
        ``jwst_NNNN.pmap``.
    exp_types : collection of str
        Keys of `app.observation.bands.IMAGING`.

    Returns
    -------
    pathlib.Path
        The cache.

    Raises
    ------
    CrdsError
        If the server cannot be reached, does not know a file or gives another than its sum says; if `cache` holds
        something else.
    """
    if cache.is_dir() and any(cache.iterdir()):
        _check_complete(cache, context, exp_types)
        log.info("%s holds %s already, whole", cache, context)
        return cache
    partial = cache.with_name(cache.name + ".partial")
    partial.mkdir(parents=True, exist_ok=True)
    set_environment(CrdsOptions(mode="server", context=context, path=str(partial)))
    mappings = fetch_mappings(context)
    references = sorted(set(_references(context, exp_types)))
    fetch(context, references)
    _finish(partial, context, {*mappings, *references})
    log.info("%s: %d rules and %d references for %s", context, len(mappings), len(references), ", ".join(exp_types))
    return settle(partial, cache)


def _check_complete(cache: Path, context: str, exp_types: Collection[str]) -> None:
    other = f"Choose another folder, or remove {cache}."
    if context not in contexts(cache):
        raise CrdsError(f"{cache} is not empty and does not hold {context}. {other}")
    check_manifest(cache)
    set_environment(CrdsOptions(context=context, path=str(cache)))
    present = {path.name for path in (cache / "references").rglob("*")}
    if lacking := set(_references(context, exp_types)) - present:
        raise CrdsError(f"{cache} lacks {len(lacking)} references for {', '.join(exp_types)}. {other}")


def _references(context: str, exp_types: Collection[str]) -> Iterator[str]:
    """Name all references that an exposure of these types can get."""
    import crds

    pmap = crds.get_cached_mapping(context)
    for exp_type in exp_types:
        imap = pmap.get_imap(str(IMAGING[exp_type]))
        for reftype in (*data_types(), *parameter_types()):
            if rmap := find_rmap(imap, reftype):
                yield from _matching(rmap, exp_type)


def _matching(rmap: Any, exp_type: str) -> Iterator[str]:
    """Name the references whose rule for the exposure type allows this one.

    crds lists the rule ``MIR_IMAGE|MIR_LYOT`` as ``MIR_IMAGE, MIR_LYOT``.
    """
    rules = rmap.selector.todict_flat()
    column = {name: i for i, name in enumerate(rules["parameters"])}.get("META.EXPOSURE.TYPE")
    for *keys, name in rules["selections"]:
        patterns = ["*"] if column is None else keys[column].split(", ")
        if name.upper() not in ("N/A", "OMIT") and any(p in _ANY or fnmatchcase(exp_type, p) for p in patterns):
            yield name


def _finish(partial: Path, context: str, names: Collection[str]) -> None:
    """Write configuration and manifest; what else crds left behind (locks, server_config, other references) goes."""
    from crds.client import api

    server_info = patiently(api.get_server_info, "Asking the CRDS server for its list of bad files")
    for path in [path for path in partial.rglob("*") if path.is_file() and path.name not in names]:
        path.unlink()
    write_config(partial, context, bad_files=set(names).intersection(server_info["bad_files_list"]), origin="jwst-lv3")
    write_manifest(partial)
