"""From measurements to caveats."""

from app.assess.findings.table import FINDINGS, find_caveats

__all__ = ["FINDINGS", "find_caveats"]
