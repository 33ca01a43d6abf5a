"""The question of a manifest's step, checked as far as it can be before anybody is asked."""

from __future__ import annotations

from collections.abc import Iterator

from oncue.control.forms import check_question, check_response
from oncue.core.canonical import NotCanonical, canonical_json
from oncue.core.questions import (
    Asking,
    InvalidAnswer,
    InvalidQuestion,
    OnTimeout,
    Option,
    QuestionKind,
)
from oncue.definitions.ask_step import AskStep, read_preset
from oncue.definitions.manifest_model import ASK_REFUSES, ManifestAsk, ManifestStep
from oncue.definitions.templates import is_template
from oncue.definitions.yaml_nodes import YamlDocument, YamlPath
from oncue.errors import nearest

_CHOOSING = (QuestionKind.CHOICE, QuestionKind.CHOICES)


def define_ask(document: YamlDocument, path: YamlPath, *, step: ManifestStep, ask: ManifestAsk) -> AskStep:
    """The question step that a manifest means.

    Raises:
        DefinitionError: a key that belongs to shell steps, or a question that nobody could answer; names the key.
    """
    for key in ASK_REFUSES:
        if key in step.model_fields_set:
            hint = "how long people have to answer is timeout: under ask:" if key == "timeout" else ""
            raise document.error((*path, key), "means nothing in a step with ask:", hint=hint)
    return _AskReader(document, (*path, "ask"), ask).read(step.id)


def ask_templates(ask: ManifestAsk) -> Iterator[tuple[YamlPath, str]]:
    """Every text of a question that may name parameters, by its place under ``ask``."""
    yield ("message",), ask.message
    for index, option in enumerate(ask.options):
        if option.label is not None:
            yield ("options", index, "label"), option.label
        if option.help:
            yield ("options", index, "help"), option.help
    if ask.answer:
        yield ("answer",), ask.answer


class _AskReader:
    """Reads one ``ask``; every error names the key to change."""

    def __init__(self, document: YamlDocument, path: YamlPath, ask: ManifestAsk) -> None:
        self._document = document
        self._path = path
        self._ask = ask

    def read(self, step: str) -> AskStep:
        ask = self._ask
        asking = Asking(
            type=ask.type or step,
            message=ask.message,
            kind=self._kind(),
            options=self._options(),
            default=ask.default,
            has_default="default" in ask.model_fields_set,
            schema=ask.form_schema,
            timeout_seconds=ask.timeout,
            on_timeout=self._policy(),
        )
        self._check(asking)
        self._check_answer(asking)
        return AskStep(asking=asking, answer=ask.answer or "")

    def _kind(self) -> QuestionKind:
        ask = self._ask
        if ask.kind is None:
            has_schema = ask.form_schema is not None
            return QuestionKind.CHOICE if ask.options else QuestionKind.FORM if has_schema else QuestionKind.TEXT
        known = [kind.value for kind in QuestionKind]
        if ask.kind not in known:
            raise self._error("kind", f"no kind {ask.kind!r}{nearest(ask.kind, known)}", hint=f"kinds: {', '.join(known)}")
        kind = QuestionKind(ask.kind)
        if ask.options and kind not in _CHOOSING:
            raise self._error("options", f"a question of kind {ask.kind} has no options", hint="kind: choice or choices")
        if ask.form_schema is not None and kind is not QuestionKind.FORM:
            raise self._error("schema", f"a question of kind {ask.kind} has no schema", hint="kind: form")
        return kind

    def _options(self) -> tuple[Option, ...]:
        ids = [option.id for option in self._ask.options]
        for index, name in enumerate(ids):
            if name in ids[:index]:
                raise self._error("options", f"option {name!r} is there twice", at=("options", index))
        return tuple(
            Option(id=one.id, label=one.label or one.id, help=one.help, is_alone=one.alone) for one in self._ask.options
        )

    def _policy(self) -> OnTimeout:
        given = self._ask.on_timeout
        if given is None:
            return OnTimeout.WAIT if self._ask.timeout is None else OnTimeout.CANCEL
        known = [policy.value for policy in OnTimeout]
        if given not in known:
            raise self._error("on_timeout", f"no policy {given!r}{nearest(given, known)}", hint=f"policies: {', '.join(known)}")
        return OnTimeout(given)

    def _check(self, asking: Asking) -> None:
        """The rules of every question; the first key that can be blamed is named."""
        if asking.schema is not None:
            try:
                canonical_json(dict(asking.schema))
            except NotCanonical as error:
                raise self._error("schema", f"must be plain JSON and has {error}") from error
        try:
            check_question(asking)
        except InvalidAnswer as error:
            raise self._error("default", error.message, hint=error.hint) from error
        except InvalidQuestion as error:
            raise self._error(self._culprit(asking), error.message, hint=error.hint) from error

    def _culprit(self, asking: Asking) -> str:
        """The key behind a refused question; what pydantic checks cannot be it."""
        if asking.kind in _CHOOSING and not asking.options:
            return "options"
        if asking.on_timeout is OnTimeout.DEFAULT and not asking.has_default:
            return "on_timeout"
        if asking.timeout_seconds is not None and asking.timeout_seconds == float("inf"):
            return "timeout"
        if asking.schema is not None:
            return "schema"
        return "message"

    def _check_answer(self, asking: Asking) -> None:
        """An answer that is the same for all parameters can be checked now; a template only when it is filled in."""
        text = self._ask.answer or ""
        if is_template(text):
            return
        try:
            preset = read_preset(asking, text)
            if preset is not None:
                check_response(asking, preset)
        except InvalidAnswer as error:
            raise self._error("answer", error.message, hint=error.hint) from error

    def _error(self, key: str, message: str, *, hint: str = "", at: YamlPath = ()) -> Exception:
        return self._document.error((*self._path, *(at or (key,))), message, hint=hint)
