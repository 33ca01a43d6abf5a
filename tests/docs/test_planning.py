"""The page about planning explains everything that preflight can say."""

import re

from oncue.core.findings import FindingCode
from tests.support.repository import ROOT

PAGE = (ROOT / "docs" / "concepts" / "planning.md").read_text(encoding="utf-8")


def test_every_finding_is_explained_once() -> None:
    explained = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)

    assert sorted(explained) == sorted(FindingCode)
