"""Validates unpacked crates with roc-validator, in the environment that has it, without a network.

``python -m tests.export.validating PROFILE=FOLDER...`` prints as JSON what is wrong with each, and what
rocrate reads of each folder. It is a program of its own, because the validator needs an older rich than ours.
"""

from __future__ import annotations

import json
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

from tests.export.contexts import CONTEXTS


class Served:
    """What the validator takes for an answer from the web: one of the contexts."""

    status_code = 200
    headers = {"Content-Type": "application/ld+json"}  # noqa: RUF012
    links: dict[str, object] = {}  # noqa: RUF012
    from_cache = True

    def __init__(self, url: str) -> None:
        self.url = url
        self.text = json.dumps(CONTEXTS[url])
        self.content = self.text.encode()

    def json(self) -> Any:
        return json.loads(self.text)

    def raise_for_status(self) -> None:
        return None


def refuse(*_: object, **__: object) -> NoReturn:
    raise OSError("the validator asked the network")


def validate(folder: str, profile: str) -> list[str]:
    from rocrate_validator import services
    from rocrate_validator.models import Severity, ValidationSettings

    settings = ValidationSettings(
        rocrate_uri=folder,
        profile_identifier=profile,
        requirement_severity=Severity.REQUIRED,
        offline=True,
        cache_path=Path(tempfile.gettempdir()) / "oncue-crate-cache",
    )
    result = services.validate(settings)
    return [f"{issue.check.identifier}: {issue.message} {issue.violatingEntity}" for issue in result.get_issues()]


def read_back(folder: str) -> dict[str, Any]:
    from rocrate.rocrate import ROCrate

    crate = ROCrate(folder)
    return {
        "name": crate.name,
        "main": crate.mainEntity.id,
        "files": sorted(entity.id for entity in crate.data_entities),
        "missing": sorted(entity.id for entity in crate.data_entities if not Path(entity.source or "/nowhere").exists()),
        "actions": sorted(entity.id for entity in crate.get_entities() if "Action" in str(entity.type)),
    }


def main(orders: list[str]) -> None:
    from rocrate_validator.utils.http import HttpRequester

    HttpRequester.get = lambda _self, url, *_, **__: Served(str(url))
    socket.socket.connect = refuse  # type: ignore[method-assign]
    socket.create_connection = refuse
    problems = {order: validate(order.partition("=")[2], order.partition("=")[0]) for order in orders}
    folders = {order.partition("=")[2] for order in orders}
    print(json.dumps({"problems": problems, "crates": {folder: read_back(folder) for folder in folders}}))


if __name__ == "__main__":
    main(sys.argv[1:])
