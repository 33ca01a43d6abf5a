"""The file of scripted replies, as pydantic models: rules, each with what it answers and to what.

The same file drives the model that answers in this process and the stub server that speaks HTTP.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from oncue.core.modelport import ModelTrouble
from oncue.core.prompts import SectionName
from oncue.errors import InvalidInput
from oncue.models.scripterrors import check_json, check_text, explain

PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_OUTCOMES = ("text", "json_value", "error", "status", "body", "hang")
_ERRORS = tuple(trouble.value.removeprefix("model_") for trouble in ModelTrouble)


class InvalidScript(InvalidInput):
    """A file of scripted replies that cannot be read; says which field and why."""

    code = "invalid_script"


def _read_list(given: Any) -> Any:
    return [given] if isinstance(check_text(given, wanted="text or a list of texts"), str) else given


def _read_test(given: Any) -> Any:
    if isinstance(given, bool):
        return {"is_there": given}
    return {"contains": given} if isinstance(check_text(given), str | list) else given


def _read_reply(given: Any) -> Any:
    return [_reply_of(one) for one in (given if isinstance(given, list) else [given])]


def _reply_of(given: Any) -> Any:
    return {"text": given} if isinstance(check_text(given, wanted="text or a mapping"), str) else given


def _read_regex(given: Any) -> Any:
    try:
        return re.compile(given, re.MULTILINE) if isinstance(check_text(given), str) else given
    except re.error as error:
        raise ValueError(f"{given!r} is no regular expression: {error}") from error


Texts = Annotated[tuple[str, ...], BeforeValidator(_read_list)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)


class TextTest(_Part):
    """What must be true of a text: every part that is given. A text alone means ``contains``; true, that it is there."""

    is_there: bool = True
    contains: Texts = ()
    lacks: Texts = ()
    equals: str | None = None
    matches: Annotated[re.Pattern[str] | None, BeforeValidator(_read_regex)] = None
    hash: str | None = Field(default=None, pattern=r"^[0-9a-f]{6,64}$")


Test = Annotated[TextTest | None, BeforeValidator(_read_test)]


class When(_Part):
    """To which requests a rule answers; left out, to every one. ``anywhere`` is all of the messages together."""

    call: Annotated[tuple[int, ...], BeforeValidator(lambda given: [given] if isinstance(given, int) else given)] = ()
    purpose: Literal["generate", "correct"] | None = None
    model: str | None = None
    anywhere: Test = None
    rules: Test = None
    context: Test = None
    request: Test = None
    previous: Test = None
    draft: Test = None
    problem: Test = None
    comment: Test = None

    def tests(self) -> Iterator[tuple[str, TextTest]]:
        """Every text that is looked at, with what must be true of it."""
        for name in ("anywhere", *SectionName):
            test = getattr(self, name, None)
            if isinstance(test, TextTest):
                yield str(name), test


class ScriptUsage(_Part):
    """Tokens that a reply says it used."""

    input: int = Field(ge=0)
    output: int = Field(ge=0)
    cached: int = Field(default=0, ge=0)


class ScriptPrices(_Part):
    """US dollars for a million tokens."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)


class ScriptReply(_Part):
    """One reply: exactly one of ``text``, ``json``, ``error``, ``status``, ``body`` and ``hang``.

    ``error`` names the trouble; ``raw`` is what comes before it. ``body`` is sent as it is, in place of an answer of the
    protocol. ``hang`` never answers. ``delay`` (seconds before each piece) and ``headers`` are for the server alone.
    """

    text: str | None = None
    json_value: Annotated[Any, BeforeValidator(check_json)] = Field(default=None, alias="json")
    error: Literal[_ERRORS] | None = None  # type: ignore[valid-type] # the names are those of ModelTrouble
    status: int | None = Field(default=None, ge=300, le=599)
    body: str | None = None
    hang: bool = False
    message: str = ""
    raw: str = ""
    retry_after: float | str | None = None
    usage: ScriptUsage | Literal["words", "unknown"] | None = None
    usd: float | None = Field(default=None, ge=0)
    finish: str = "stop"
    delay: float = Field(default=0.0, ge=0)
    headers: dict[str, str] = {}

    @model_validator(mode="after")
    def _check_outcome(self) -> ScriptReply:
        given = [name for name in _OUTCOMES if name in self.model_fields_set]
        if len(given) != 1:
            raise ValueError("needs exactly one of text, json, error, status, body and hang")
        return self


class Rule(_Part):
    """Replies, given one after the other to the requests that a rule answers; the last is given again and again."""

    when: When = When()
    reply: Annotated[tuple[ScriptReply, ...], BeforeValidator(_read_reply), Field(min_length=1)]

    @model_validator(mode="after")
    def _check_placeholders(self) -> Rule:
        known = {name.value for name in SectionName}
        for _, test in self.when.tests():
            known |= set(test.matches.groupindex) if test.matches else set()
        for reply in self.reply:
            used = set(PLACEHOLDER.findall(f"{reply.text} {json.dumps(reply.json_value, ensure_ascii=False)} {reply.raw}"))
            if used - known:
                raise ValueError(f"{{{{ {min(used - known)} }}}} is neither a section nor a named group of this rule")
        return self


class Script(_Part):
    """All of a file. Of the rules that fit a request, the first answers it."""

    model: str = ""
    usage: ScriptUsage | Literal["words", "unknown"] = "unknown"
    prices: ScriptPrices | None = None
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]


def load_script(path: Path) -> Script:
    """Read a file of scripted replies, YAML or JSON.

    Raises:
        InvalidScript: it cannot be read; says where and why.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InvalidScript(f"the replies in {path} cannot be read: {why}") from error
    return read_script(_parse(text, path), name=str(path))


def read_script(data: object, *, name: str = "the script") -> Script:
    """What scripted replies mean.

    Raises:
        InvalidScript: they are not of the form.
    """
    if isinstance(data, list):
        data = {"rules": data}
    try:
        return Script.model_validate(data)
    except ValidationError as error:
        raise InvalidScript(f"{name}: {explain(error.errors(include_url=False))}") from error


def _parse(text: str, path: Path) -> Any:
    kind = "JSON" if path.suffix == ".json" else "YAML"
    try:
        return _load(text, kind)
    except RecursionError as error:
        raise InvalidScript(f"{path}: this is not {kind} that can be read: it is nested too deeply") from error
    except ValueError as error:
        raise InvalidScript(f"{path}: this is not {kind}: {' '.join(str(error).split())}") from error


def _load(text: str, kind: str) -> Any:
    if kind == "JSON":
        return json.loads(text)
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
