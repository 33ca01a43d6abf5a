"""``python -m oncue.testing``: the stub server as a program, for shells and demos; it runs until it is interrupted."""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
from pathlib import Path

from oncue.errors import OncueError
from oncue.testing.modelstub import ModelStub


def main(arguments: list[str] | None = None) -> int:
    """Serve a script; prints the address, and keeps what comes in where it is told to."""
    parser = argparse.ArgumentParser(
        prog="python -m oncue.testing", description="A model that answers from a script over HTTP."
    )
    parser.add_argument("--script", type=Path, required=True, help="the file of scripted replies (YAML or JSON)")
    parser.add_argument("--port", type=int, default=0, help="the port; 0 takes a free one")
    parser.add_argument("--record", type=Path, help="write each request's body as a line of JSON to this file")
    given = parser.parse_args(arguments)
    try:
        stub = ModelStub(given.script, port=given.port, record=given.record)
    except (OncueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    with stub, contextlib.suppress(KeyboardInterrupt):
        print(stub.url, flush=True)
        threading.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
