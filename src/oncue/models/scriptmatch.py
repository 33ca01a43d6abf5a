"""Which rule of a script answers a request, and what its reply says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from oncue.core.canonical import content_hash
from oncue.core.modelport import ModelTrouble, Usage
from oncue.core.promptreading import read_sections
from oncue.core.prompts import SectionName
from oncue.models.script import PLACEHOLDER, Rule, Script, ScriptReply, ScriptUsage, TextTest
from oncue.models.troubles import trouble_of_status


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as a script sees it; ``call`` counts from 1."""

    system: str
    user: str
    model: str
    call: int

    @property
    def text(self) -> str:
        """All of the messages."""
        return "\n".join(part for part in (self.system, self.user) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted:
    """A reply that was chosen: its text (or, with ``trouble``, what came before it) with every placeholder filled."""

    reply: ScriptReply
    text: str
    usage: Usage | None
    usd: float | None
    trouble: ModelTrouble | None
    message: str


@dataclass(slots=True)
class Prompter:
    """Gives the replies of a script, and counts: requests, and how often each rule answered."""

    script: Script
    name: str
    calls: int = 0
    given: Counter[int] = field(default_factory=Counter)

    def answer(self, system: str, user: str, *, model: str) -> Scripted:
        """The reply to a request; one with trouble where no rule fits."""
        self.calls += 1
        asked = Asked(system=system, user=user, model=model, call=self.calls)
        sections = read_sections(system, user)
        for place, rule in enumerate(self.script.rules):
            groups = _match(rule, asked, sections)
            if groups is not None:
                reply = rule.reply[min(self.given[place], len(rule.reply) - 1)]
                self.given[place] += 1
                words = {**{name.value: text for name, text in sections.items()}, **groups}
                return _fill(reply, asked, words=words, script=self.script)
        return _unanswered(self.name, asked, sections)


def _match(rule: Rule, asked: Asked, sections: Mapping[SectionName, str]) -> dict[str, str] | None:
    """The named groups of a rule's expressions, None where the rule does not fit."""
    when = rule.when
    if when.call and asked.call not in when.call:
        return None
    if when.purpose is not None and (when.purpose == "correct") != (SectionName.DRAFT in sections):
        return None
    if when.model is not None and not fnmatchcase(asked.model, when.model):
        return None
    groups: dict[str, str] = {}
    for name, test in when.tests():
        found = _test(test, asked.text if name == "anywhere" else sections.get(SectionName(name)))
        if found is None:
            return None
        groups |= found
    return groups


def _test(test: TextTest, text: str | None) -> dict[str, str] | None:
    if not test.is_there or text is None:
        return {} if text is None and not test.is_there else None
    if not all(part in text for part in test.contains) or any(part in text for part in test.lacks):
        return None
    if test.equals is not None and text.strip() != test.equals.strip():
        return None
    if test.hash is not None and not content_hash(text.encode()).removeprefix("sha256:").startswith(test.hash):
        return None
    if test.matches is None:
        return {}
    match = test.matches.search(text)
    return {name: value or "" for name, value in match.groupdict().items()} if match else None


def _fill(reply: ScriptReply, asked: Asked, *, words: Mapping[str, str], script: Script) -> Scripted:
    trouble = _trouble(reply)
    if "json_value" in reply.model_fields_set:
        text = json.dumps(_fill_value(reply.json_value, words), ensure_ascii=False)
    else:
        text = _fill_text(reply.raw if trouble else reply.text or "", words)
    usage = _usage(reply.usage or ("unknown" if trouble else script.usage), asked, text)
    usd = reply.usd
    if usd is None and usage is not None and script.prices is not None:
        usd = (usage.input_tokens * script.prices.input + usage.output_tokens * script.prices.output) / 1e6
    message = reply.message or (f"the script says: {trouble.value.removeprefix('model_').replace('_', ' ')}" if trouble else "")
    return Scripted(reply=reply, text=text, usage=usage, usd=usd, trouble=trouble, message=message)


def _trouble(reply: ScriptReply) -> ModelTrouble | None:
    if reply.error is not None:
        return ModelTrouble(f"model_{reply.error}")
    if reply.status is not None:
        return trouble_of_status(reply.status)
    return ModelTrouble.BROKEN_ANSWER if reply.body is not None else None


def _fill_text(text: str, words: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda match: words.get(match[1], ""), text)


def _fill_value(value: object, words: Mapping[str, str]) -> object:
    match value:
        case str():
            return _fill_text(value, words)
        case list():
            return [_fill_value(part, words) for part in value]
        case dict():
            return {key: _fill_value(part, words) for key, part in value.items()}
        case _:
            return value


def _usage(said: ScriptUsage | str, asked: Asked, text: str) -> Usage | None:
    match said:
        case ScriptUsage():
            return Usage(input_tokens=said.input, output_tokens=said.output, cached_tokens=said.cached)
        case "words":
            return Usage(input_tokens=len(asked.text.split()), output_tokens=len(text.split()))
        case _:
            return None


def _unanswered(name: str, asked: Asked, sections: Mapping[SectionName, str]) -> Scripted:
    shown = ", ".join(f"{section.value} {content_hash(text.encode())[7:19]}" for section, text in sections.items())
    message = f"{name}: no rule answers call {asked.call} (sections and their hashes: {shown or 'none'})"
    return Scripted(
        reply=ScriptReply(error="bad_request"), text="", usage=None, usd=None, trouble=ModelTrouble.BAD_REQUEST, message=message
    )
