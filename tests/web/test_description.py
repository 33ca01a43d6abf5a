"""Whatever a client sends, as the description has it or against it: the API answers as its description says.

What the description cannot say is in ``test_every_route``: the pages, bodies that are no JSON, and who gets in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi import checks

from oncue import wiring
from oncue.control.jobs import create_job
from oncue.control.workspace import Workspace
from oncue.web.application import API, make_application, make_routes
from oncue.web.serving import Serving, make_site
from tests.web.conftest import TOKENS
from tests.web.hosting import hosted, only
from tests.web.workflows import WORKFLOWS

TOKEN = "operator-token"
SENT = {"Authorization": f"Bearer {TOKEN}", "Host": "127.0.0.1:8040"}
EXAMPLES = 20
CONFIG = SchemathesisConfig(
    projects=ProjectsConfig(default=ProjectConfig(generation=GenerationConfig(allow_extra_parameters=False)))
)
"""Parameters that no route knows are left unread, as anywhere; fields of a body that nobody knows are refused."""
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
PATHS = make_routes().openapi()["paths"]
ENDLESS = ("get", f"{API}/events")
OPERATIONS = sorted((method, path) for path, methods in PATHS.items() for method in methods if (method, path) != ENDLESS)


def places_of(method: str, path: str) -> set[str]:
    """Where values stand that can be sent against the description; a text in a path never is."""
    operation = PATHS[path][method]
    typed = [
        one["in"] for one in operation.get("parameters", ()) if (one["in"], one["schema"].get("type")) != ("path", "string")
    ]
    return {*typed, *(("body",) if "requestBody" in operation else ())}


AGAINST = [operation for operation in OPERATIONS if places_of(*operation)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """An API that describes itself, and what is there to ask for, by the names in its paths."""

    schema: BaseSchema
    there: Sequence[Mapping[str, str | int]]

    def cases(self, method: str, path: str, mode: GenerationMode) -> st.SearchStrategy[Case[Any]]:
        """Requests about what is there and about what is not."""
        operation = self.schema[path][method]
        named = [{name: value for name, value in one.items() if f"{{{name}}}" in path} for one in self.there]
        is_free = mode is GenerationMode.POSITIVE or places_of(method, path) != {"path"}
        known = [operation.as_strategy(mode, path_parameters=one) for one in named if one and is_free]
        return st.one_of(*known, operation.as_strategy(mode))


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Described]:
    """In process, without anything that executes: of a job that ran and one that asks."""
    place = tmp_path_factory.mktemp("described")
    for name, text in WORKFLOWS.items():
        (place / name).write_text(text, encoding="utf-8")
    opened = wiring.open_workspace(place / ".oncue", create=True, synchronous="NORMAL")
    there = list(play(opened, place))
    serving = Serving(workspace=opened, actor="ada", announce=print, sources=[only(TOKEN, TOKENS[TOKEN])])
    application = make_application(make_site(serving, token="unused", port=8040, worker_id=None))
    schema = schemathesis.openapi.from_asgi(f"{API}/openapi.json", application, config=CONFIG, headers=SENT)
    yield Described(schema=schema, there=there)
    opened.store.close()


def play(workspace: Workspace, folder: Path) -> Iterator[Mapping[str, str | int]]:
    """Make the jobs; yields what can be asked for."""
    ran, asking = (create_job(workspace, f"{name}.yaml", params={}, folder=folder).id for name in ("chain", "asking"))
    with hosted(workspace) as host:
        host.run(ran)
        advice = host.program.post(f"{API}/jobs/{ran}/recommendations", {"scope": "all", "rationale": "why not"})
        assert advice.status == 201, advice
        host.program.post(f"{API}/jobs/{asking}/runs", host.cue(asking))
        host.wait(asking, 1, "waiting")
        (question,) = host.program.api("/questions")["questions"]
    known = {
        "number": 1,
        "ref": "chain.yaml",
        "recommendation": advice.json["recommendation_id"],
        "question": question["question_id"],
    }
    yield {**known, "job": ran, "step": "count"}
    yield {**known, "job": asking, "step": "choose"}


def send_all(described: Described, method: str, path: str, *, mode: GenerationMode) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(case=described.cases(method, path, mode))
    def send(case: Case[Any]) -> None:
        case.call_and_validate(headers=SENT, checks=CHECKS)

    send()


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_a_request_as_it_is_described_is_answered_as_it_is_described(described: Described, method: str, path: str) -> None:
    send_all(described, method, path, mode=GenerationMode.POSITIVE)


@pytest.mark.parametrize(("method", "path"), AGAINST)
def test_a_request_against_the_description_is_refused_as_it_is_described(described: Described, method: str, path: str) -> None:
    send_all(described, method, path, mode=GenerationMode.NEGATIVE)
