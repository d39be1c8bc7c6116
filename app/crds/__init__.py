"""CRDS: the environment, what a run will ask for, the manifest, and how a cache is made."""

from app.crds.environment import CONTEXT, SYNTHETIC_CONTEXT, CrdsOptions, set_environment
from app.crds.manifest import check_manifest, write_manifest

__all__ = ["CONTEXT", "SYNTHETIC_CONTEXT", "CrdsOptions", "check_manifest", "set_environment", "write_manifest"]
