"""The page of the HTTP API says what the API is."""

import pytest

from oncue.web.application import API, make_routes
from tools.api_reference import PAGE, render_reference


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == render_reference(), "Run: make docs"


@pytest.mark.proves("S2-39")
def test_every_route_has_its_section() -> None:
    page = PAGE.read_text(encoding="utf-8")

    for path, methods in make_routes().openapi()["paths"].items():
        for method in methods:
            assert f"\n## {method.upper()} {path.removeprefix(API)}\n" in page
