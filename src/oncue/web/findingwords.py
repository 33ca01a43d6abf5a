"""What to do about a finding of a job, for readers of pages; at the command line it names something to type."""

from __future__ import annotations

from collections.abc import Mapping

from oncue.core.findings import Finding, FindingCode

_ON_PAGES: Mapping[FindingCode, str] = {
    FindingCode.DEFINITION_CHANGED: "A run takes it as it is now, unless “Limits, and the workflow's version” says otherwise.",
}
_FOR_TERMINALS = ("--", "oncue ")


def show_hint(finding: Finding) -> str:
    """What a page says to do; nothing where all that is known is something to type."""
    known = _ON_PAGES.get(finding.code)
    if known is not None:
        return known
    return "" if finding.hint.startswith(_FOR_TERMINALS) else finding.hint
