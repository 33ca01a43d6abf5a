"""The first page costs little to load, and packing it takes nothing from programs."""

import gzip
import re

import pytest

from tests.web.hosting import Host

PACKED = {"Accept-Encoding": "gzip, deflate, br"}
ASSET = re.compile(r'(?:src|href)="(/static/[^"]+\.(?:js|css|svg)[^"]*)"')
FIRST_VISIT_BYTES = 60_000


@pytest.mark.parametrize("path", ["/", "/jobs/{job}", "/inbox"])
def test_a_first_visit_loads_less_than_sixty_kilobytes(standing: tuple[Host, str], path: str) -> None:
    host, job = standing
    browser = host.browser()

    page = browser.get(path.format(job=job), PACKED)
    assets = sorted(set(ASSET.findall(gzip.decompress(page.body).decode())))
    sent = {asset: len(browser.get(asset, PACKED).body) for asset in assets}

    assert page.headers["content-encoding"] == "gzip"
    assert len(sent) >= 4
    assert len(page.body) + sum(sent.values()) < FIRST_VISIT_BYTES


def test_whoever_cannot_unpack_gets_pages_as_they_are(standing: tuple[Host, str]) -> None:
    host, _ = standing

    plain = host.browser().get("/inbox")
    packed = host.browser().get("/inbox", PACKED)

    assert "content-encoding" not in plain.headers
    assert b"<!doctype html>" in plain.body.lower()
    assert len(gzip.decompress(packed.body)) == len(plain.body)
    assert "accept-encoding" in packed.headers["vary"].lower()


def test_programs_get_bytes_that_nobody_packed(standing: tuple[Host, str]) -> None:
    host, job = standing

    schema = host.program.get("/api/v1/openapi.json", PACKED)

    assert "content-encoding" not in schema.headers
    assert host.program.get(f"/api/v1/jobs/{job}/export", PACKED).body.startswith(b"PK")
