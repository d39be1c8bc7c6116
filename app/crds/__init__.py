"""CRDS: the environment, what a run will ask for, the manifest, and how a cache is made."""

from app.crds.environment import CONTEXT, SYNTHETIC_CONTEXT, CrdsOptions, set_environment
from app.crds.manifest import check_manifest, write_manifest
from app.crds.resolve import ReferenceSet, resolve

__all__ = [
    "CONTEXT",
    "SYNTHETIC_CONTEXT",
    "CrdsOptions",
    "ReferenceSet",
    "check_manifest",
    "resolve",
    "set_environment",
    "write_manifest",
]
