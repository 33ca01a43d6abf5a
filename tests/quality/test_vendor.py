"""The front-end files are the ones that were looked at, and their lock names no place they come from."""

import json

from tests.support.repository import ROOT
from tools.vendor import PAGES, TESTS, find_wrong, load_listed

LOCK = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))


def test_every_front_end_file_is_the_listed_one() -> None:
    assert find_wrong(PAGES) == [], "Run: make vendor"
    assert find_wrong(TESTS) == [], "Run: make browser"


def test_the_listed_versions_are_the_locked_ones() -> None:
    locked = {name.removeprefix("node_modules/"): entry["version"] for name, entry in LOCK["packages"].items() if name}

    listed = [*load_listed(PAGES).values(), *load_listed(TESTS).values()]
    assert {entry["package"]: entry["version"] for entry in listed} == locked


def test_the_lock_of_the_front_end_holds_hashes_and_no_address() -> None:
    packages = {name: entry for name, entry in LOCK["packages"].items() if name}

    assert packages, "the lock lists packages"
    assert [name for name, entry in packages.items() if not entry.get("integrity", "").startswith("sha512-")] == []
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
