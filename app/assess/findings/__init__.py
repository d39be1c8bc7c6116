"""From measurements to caveats."""

from app.assess.findings.table import FINDINGS, find_caveats
from app.assess.findings.verdict import Verdict, alignment_verdict

__all__ = ["FINDINGS", "Verdict", "alignment_verdict", "find_caveats"]
