"""The JSON Schema of manifests, and its tables in the reference page; both are committed and compared in tests.

``python -m oncue.definitions.manifest_schema schemas/manifest.json docs/reference/manifest.md`` writes them anew.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from oncue.definitions.manifest_model import BARE_OPTION, BARE_PARAM, BARE_PROMPT, ENV_PATTERN, Manifest

_REGION = re.compile(r"(<!-- keys: (\w+) -->\n).*?(<!-- end of keys -->)", re.DOTALL)
_WORDS: Mapping[object, str] = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "object": "mapping",
}
_REGIONS = {
    "Workflow": "",
    "Parameter": "ManifestParam",
    "Step": "ManifestStep",
    "Prompt": "ManifestPrompt",
    "Question": "ManifestAsk",
    "Option": "ManifestOption",
}


def manifest_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a manifest, as editors use it."""
    schema = _simplified(Manifest.model_json_schema())
    params = schema["properties"]["params"]
    (pattern, entry), *_ = params["patternProperties"].items()
    params["patternProperties"] = {pattern: {"anyOf": [BARE_PARAM, entry]}}
    params["additionalProperties"] = False
    step = schema["$defs"]["ManifestStep"]["properties"]
    step["prompt"] = {"description": step["prompt"].pop("description"), "anyOf": [BARE_PROMPT, step["prompt"]]}
    env = step["env"]
    env["patternProperties"] = {
        ENV_PATTERN.replace("^", "^(?!ONCUE_)", 1): value for value in env["patternProperties"].values()
    }
    env["additionalProperties"] = False
    options = schema["$defs"]["ManifestAsk"]["properties"]["options"]
    options["items"] = {"anyOf": [BARE_OPTION, options["items"]]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Oncue manifest", **schema}


def render_schema() -> str:
    """The text of ``schemas/manifest.json``."""
    return json.dumps(manifest_schema(), indent=2, ensure_ascii=False) + "\n"


def refresh_page(page: str) -> str:
    """The reference page with its tables of keys made anew; everything else stays."""
    schema = manifest_schema()

    def table(match: re.Match[str]) -> str:
        name = _REGIONS[match[2]]
        part = schema["$defs"][name] if name else schema
        return f"{match[1]}{_render_keys(part)}{match[3]}"

    return _REGION.sub(table, page)


def _simplified(part: Any) -> Any:
    """Without what only repeats: titles made from names, null as a way to say nothing, empty defaults."""
    if isinstance(part, list):
        return [_simplified(one) for one in part]
    if not isinstance(part, dict):
        return part
    kept = {
        key: {name: _simplified(value) for name, value in content.items()}
        if key in ("properties", "$defs", "patternProperties")
        else _simplified(content)
        for key, content in part.items()
        if not (key == "title" and isinstance(content, str)) and not (key == "default" and content in (None, "", [], {}))
    }
    choices = [one for one in kept.get("anyOf", ()) if one != {"type": "null"}]
    if len(choices) == 1:
        return {**{key: value for key, value in kept.items() if key != "anyOf"}, **choices[0]}
    return {**kept, "anyOf": choices} if choices else kept


def _render_keys(part: Mapping[str, Any]) -> str:
    required = set(part.get("required", ()))
    lines = ["", "| key | value | meaning |", "|---|---|---|"]
    for name, entry in part["properties"].items():
        mark = " (required)" if name in required else ""
        meaning = f"{entry['description']}{mark}".replace("|", "\\|")
        lines.append(f"| `{name}` | {_render_type(entry)} | {meaning} |")
    return "\n".join([*lines, "", ""])


def _render_type(entry: Mapping[str, Any]) -> str:
    if "enum" in entry:
        return ", ".join(f"`{value}`" for value in entry["enum"])
    if "anyOf" in entry:
        return " or ".join(dict.fromkeys(_render_type(one) for one in entry["anyOf"]))
    if "$ref" in entry:
        return "mapping"
    kind = entry.get("type")
    if kind == "array":
        return f"list of {_plural(entry.get('items', {}))}"
    if isinstance(kind, list):
        return " or ".join(_WORDS[one] for one in kind if one != "null")
    return _WORDS.get(kind, "any value")


def _plural(items: Mapping[str, Any]) -> str:
    if "$ref" in items:
        return "mappings"
    if "anyOf" in items:
        return "texts or mappings"
    return {"string": "texts"}.get(items.get("type", ""), "values")


def main(arguments: Sequence[str]) -> None:
    """Write the schema and refresh the page."""
    schema, page = (Path(argument) for argument in arguments)
    schema.write_text(render_schema(), encoding="utf-8")
    page.write_text(refresh_page(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
