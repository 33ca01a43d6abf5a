"""The changelog keeps the form of Keep a Changelog and covers the version that is built."""

import re
import tomllib

from tests.support.repository import ROOT

KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
RELEASE = re.compile(r"## \[(?:Unreleased\]|\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d)")


def changelog() -> list[str]:
    return (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()


def releases() -> list[str]:
    return [line for line in changelog() if line.startswith("## ")]


def test_the_changelog_has_dated_releases_and_known_kinds_of_change() -> None:
    kinds = {line.removeprefix("### ") for line in changelog() if line.startswith("### ")}

    assert changelog()[0] == "# Changelog"
    assert [line for line in releases() if not RELEASE.fullmatch(line)] == []
    assert kinds <= KINDS


def test_the_built_version_is_the_newest_release_or_comes_next() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

    assert releases()[0].startswith(("## [Unreleased]", f"## [{version}]"))
