"""Write ``schemas/openapi.json``: the HTTP API as it is served, from the routes and shapes themselves.

Run as ``python -m tools.schemas``; with ``--check`` nothing is written and a difference is an error.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from oncue.web.application import make_routes

OPENAPI = Path(__file__).resolve().parents[1] / "schemas" / "openapi.json"


def render_openapi() -> str:
    """The whole document."""
    return json.dumps(make_routes().openapi(), indent=1, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str]) -> str | None:
    """Write the document, or compare it; returns what to complain about."""
    document = render_openapi()
    if "--check" in arguments:
        is_same = OPENAPI.exists() and OPENAPI.read_text(encoding="utf-8") == document
        return None if is_same else f"{OPENAPI.name} is out of date. Run: make docs"
    OPENAPI.write_text(document, encoding="utf-8")
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
