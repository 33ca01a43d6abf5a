"""What to do about a finding, for readers of pages; at the command line it names something to type."""

from __future__ import annotations

from collections.abc import Mapping

from oncue.core.findings import Finding, FindingCode

_ON_PAGES: Mapping[FindingCode, str] = {
    FindingCode.JOB_STOPPED: "Its results stay readable; a new job takes runs.",
    FindingCode.MISSING_INPUT: "Choose what is missing, failed or stale, or a step further up.",
    FindingCode.NOTHING_TO_RUN: "Choose everything, or the steps to run again.",
    FindingCode.STALE_INPUT: "Choose a step further up to bring it up to date as well.",
    FindingCode.SOURCE_REUSED: "Tick “fetch again” to let it fetch.",
    FindingCode.COMMENT_WITHOUT_EFFECT: "Choose a step that reads comments; a reason keeps a note with the run.",
    FindingCode.COMMENT_UNREAD: "Choose only the steps that it is for.",
    FindingCode.COMMENT_DROPPED: "Tick “keep the earlier comments” to carry it along.",
    FindingCode.RUN_AHEAD: "Cancel it first if it need not go on.",
    FindingCode.RUN_INTERRUPTED: "It goes on by itself, or when its question is answered.",
    FindingCode.DEFINITION_CHANGED: "A run takes it as it is now, unless “Limits, and the workflow's version” says otherwise.",
}
_FOR_TERMINALS = ("--", "oncue ")


def show_hint(finding: Finding) -> str:
    """What a page says to do; nothing where all that is known is something to type."""
    known = _ON_PAGES.get(finding.code)
    if known is not None:
        return known
    return "" if any(mark in finding.hint for mark in _FOR_TERMINALS) else finding.hint
