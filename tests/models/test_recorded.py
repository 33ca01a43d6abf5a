"""A model that answers from a file: which rule answers, with what, and what it says when none does."""

import asyncio
import json
from pathlib import Path

import pytest
import yaml

from oncue.core.canonical import content_hash
from oncue.core.modelport import ModelClient, ModelFailed, ModelTrouble, NoModel, Price, PriceTable, Usage, WireBody, read_model
from oncue.models.catalog import ModelCatalog
from tests.models.calls import StillClock, Watched, request_for, send, send_watched

CATALOG = ModelCatalog(StillClock())


def open_script(folder: Path, script: object, *, prices: PriceTable | None = None) -> ModelClient:
    path = folder / "replies.yaml"
    path.write_text(yaml.safe_dump(script), encoding="utf-8")
    return CATALOG.open(read_model(f"recorded:{path}"), prices=prices or PriceTable())


def test_the_first_rule_that_fits_answers(tmp_path: Path) -> None:
    rules = [
        {"when": {"comment": "2024"}, "reply": "with the comment"},
        {"when": {"comment": True}, "reply": "with another comment"},
        {"reply": "without"},
    ]
    client = open_script(tmp_path, {"rules": rules})

    texts = [send(client, request_for(comment=comment))[0].text for comment in ("use 2024", "use 2023", "")]

    assert texts == ["with the comment", "with another comment", "without"]


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        ({"request": "the summary"}, True),
        ({"request": ["Write", "summary"]}, True),
        ({"request": ["Write", "poem"]}, False),
        ({"request": {"equals": "Write the summary."}}, True),
        ({"request": {"equals": "Write"}}, False),
        ({"request": {"matches": "^Write the (?P<what>\\w+)"}}, True),
        ({"request": {"matches": "^write"}}, False),
        ({"request": {"lacks": "poem"}}, True),
        ({"request": {"lacks": ["poem", "summary"]}}, False),
        ({"request": {"hash": content_hash(b"Write the summary.")[7:19]}}, True),
        ({"request": {"hash": "abcdef"}}, False),
        ({"comment": False}, True),
        ({"comment": True}, False),
        ({"draft": {"lacks": "x"}}, False),
        ({"rules": "Answer in English."}, True),
        ({"context": "4 %", "anywhere": "English"}, True),
        ({"anywhere": "French"}, False),
        ({"purpose": "generate"}, True),
        ({"purpose": "correct"}, False),
        ({"call": 1}, True),
        ({"call": [2, 3]}, False),
        ({"model": "repl*"}, True),
        ({"model": "gpt-*"}, False),
    ],
)
def test_a_rule_answers_only_when_all_of_its_conditions_hold(tmp_path: Path, *, when: object, fits: bool) -> None:
    client = open_script(tmp_path, {"rules": [{"when": when, "reply": "yes"}, {"reply": "no"}]})

    reply, _ = send(client, request_for())

    assert reply.text == ("yes" if fits else "no")


def test_a_correction_is_told_from_a_first_draft(tmp_path: Path) -> None:
    rules = [{"when": {"purpose": "correct", "problem": "too long"}, "reply": "shorter"}, {"reply": "long"}]
    client = open_script(tmp_path, {"rules": rules})

    assert send(client, request_for())[0].text == "long"
    assert send(client, request_for(draft="long"))[0].text == "shorter"


def test_several_replies_are_given_one_after_the_other_and_the_last_again_and_again(tmp_path: Path) -> None:
    client = open_script(tmp_path, [{"reply": ["one", "two"]}])

    assert [send(client, request_for())[0].text for _ in range(4)] == ["one", "two", "two", "two"]


def test_a_reply_repeats_sections_and_named_groups_without_breaking_its_json(tmp_path: Path) -> None:
    when = {"comment": {"matches": "use (?P<year>\\d{4})"}}
    reply = {"json": {"title": "{{ request }}", "note": 'a {{year}} "b"', "n": 1, "list": ["{{ year }}"]}}
    client = open_script(tmp_path, [{"when": when, "reply": reply}])

    reply_text = send(client, request_for('Say "hi".', comment="please use 2024"))[0].text

    assert json.loads(reply_text) == {"title": 'Say "hi".', "note": 'a 2024 "b"', "n": 1, "list": ["2024"]}


def test_the_body_is_handed_over_before_the_answer_comes(tmp_path: Path) -> None:
    client = open_script(tmp_path, [{"reply": "three short words"}])
    request = request_for()

    reply, watched = send(client, request)

    (wire,) = watched.wire
    body = json.loads(wire.body)
    assert [message["content"] for message in body["messages"]] == [request.system, request.user]
    assert wire.url == str(client.spec)
    assert watched.pieces == ["three ", "short ", "words"]
    assert reply.text == "three short words"


def test_a_request_that_may_not_be_sent_takes_no_reply(tmp_path: Path) -> None:
    client = open_script(tmp_path, [{"reply": ["one", "two"]}])

    async def refuse(wire: WireBody) -> None:
        raise PermissionError(wire.url)

    with pytest.raises(PermissionError):
        asyncio.run(client.send(request_for(), on_wire=refuse, on_text=lambda _: None))

    assert send(client, request_for())[0].text == "one"


@pytest.mark.parametrize("trouble", list(ModelTrouble))
def test_every_trouble_can_be_scripted(tmp_path: Path, trouble: ModelTrouble) -> None:
    reply = {
        "error": trouble.value.removeprefix("model_"),
        "raw": "half an ans",
        "retry_after": 3,
        "usage": {"input": 5, "output": 2},
    }
    client = open_script(tmp_path, [{"reply": reply}])

    with pytest.raises(ModelFailed) as failed:
        send(client, request_for())

    error = failed.value
    assert (error.trouble, error.raw, error.retry_after_seconds) == (trouble, "half an ans", 3)
    assert error.usage == Usage(input_tokens=5, output_tokens=2)


@pytest.mark.parametrize(
    ("reply", "trouble"),
    [
        ({"status": 429, "retry_after": "Fri, 20 Nov 2026 12:00:07 GMT"}, ModelTrouble.RATE_LIMITED),
        ({"status": 503}, ModelTrouble.OVERLOADED),
        ({"status": 401}, ModelTrouble.UNAUTHORIZED),
        ({"body": "<html>"}, ModelTrouble.BROKEN_ANSWER),
    ],
)
def test_a_status_or_a_body_means_what_it_means_over_http(tmp_path: Path, *, reply: object, trouble: ModelTrouble) -> None:
    client = open_script(tmp_path, [{"reply": reply}])

    with pytest.raises(ModelFailed) as failed:
        send(client, request_for())

    assert failed.value.trouble is trouble
    assert failed.value.retry_after_seconds == (7 if trouble is ModelTrouble.RATE_LIMITED else None)


def test_a_request_that_no_rule_fits_is_refused_and_its_sections_are_named(tmp_path: Path) -> None:
    client = open_script(tmp_path, [{"when": {"comment": True}, "reply": "x"}])

    with pytest.raises(ModelFailed, match="no rule answers call 1") as failed:
        send(client, request_for())

    assert failed.value.trouble is ModelTrouble.BAD_REQUEST
    assert f"request {content_hash(b'Write the summary.')[7:19]}" in failed.value.message


def test_a_reply_that_hangs_ends_when_it_is_cancelled(tmp_path: Path) -> None:
    client = open_script(tmp_path, [{"reply": {"hang": True}}])

    async def cancel() -> Watched:
        watched, sent = Watched(), asyncio.Event()

        async def note(wire: WireBody) -> None:
            await watched.on_wire(wire)
            sent.set()

        task = asyncio.create_task(client.send(request_for(), on_wire=note, on_text=watched.on_text))
        await sent.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return watched

    assert len(asyncio.run(cancel()).wire) == 1


def test_requests_at_the_same_time_each_get_their_reply(tmp_path: Path) -> None:
    rules = [{"when": {"request": {"matches": "^(?P<n>\\d+)$"}}, "reply": "answer {{ n }}"}]
    client = open_script(tmp_path, rules)

    async def send_all() -> list[str]:
        replies = await asyncio.gather(*(send_watched(client, request_for(str(n))) for n in range(50)))
        return [reply.text for reply, _ in replies]

    assert asyncio.run(send_all()) == [f"answer {n}" for n in range(50)]


def test_what_a_reply_does_not_say_is_unknown(tmp_path: Path) -> None:
    reply, _ = send(open_script(tmp_path, [{"reply": "one two"}]), request_for())

    assert (reply.usage, reply.price) == (None, None)


@pytest.mark.parametrize(
    ("script", "prices", "usage", "usd"),
    [
        ({"usage": "words"}, PriceTable(), 2, None),
        ({"usage": {"input": 100, "output": 7}, "prices": {"input": 1, "output": 10}}, PriceTable(), 7, 170 / 1e6),
        ({"usage": {"input": 100, "output": 7}, "rules": [{"reply": {"text": "a", "usd": 0.5}}]}, PriceTable(), 7, 0.5),
    ],
)
def test_usage_and_price_are_what_the_script_says(
    tmp_path: Path, *, script: dict[str, object], prices: PriceTable, usage: int, usd: float | None
) -> None:
    client = open_script(tmp_path, {"rules": [{"reply": "one two"}], **script}, prices=prices)

    reply, _ = send(client, request_for())

    assert reply.usage is not None
    assert reply.usage.output_tokens == usage
    assert (reply.price and reply.price.usd) == usd


def test_a_price_that_a_person_set_prevails(tmp_path: Path) -> None:
    name = str(tmp_path / "replies.yaml")
    prices = PriceTable(input_usd={name: 2}, output_usd={name: 4})
    script = {"usage": {"input": 1_000_000, "output": 500_000}, "rules": [{"reply": {"text": "a", "usd": 9}}]}

    reply, _ = send(open_script(tmp_path, script, prices=prices), request_for())

    assert reply.price == Price(usd=4, source="settings")


@pytest.mark.parametrize(
    ("script", "is_priced"),
    [
        ({"rules": [{"reply": "a"}]}, False),
        ({"rules": [{"reply": "a"}], "prices": {"input": 1, "output": 1}}, False),
        ({"rules": [{"reply": "a"}], "prices": {"input": 1, "output": 1}, "usage": "words"}, True),
        ({"rules": [{"reply": {"text": "a", "usd": 1}}, {"reply": {"error": "refused"}}]}, True),
        ({"rules": [{"reply": [{"text": "a", "usd": 1}, "b"]}]}, False),
    ],
)
def test_a_script_is_priced_when_each_of_its_answers_is(tmp_path: Path, *, script: object, is_priced: bool) -> None:
    spec = open_script(tmp_path, script).spec

    assert CATALOG.is_priced(spec, prices=PriceTable()) is is_priced
    assert CATALOG.is_priced(spec, prices=PriceTable(input_usd={spec.name: 1}, output_usd={spec.name: 1}))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "No such file"),
        ("rules: [", "this is not YAML"),
        ("rules: []", "rules: "),
        ("answers: []", "answers: "),
        ("- {reply: a, wen: {}}", r"rules\[1\].wen"),
        ("- {when: {coment: x}, reply: a}", r"rules\[1\].when.coment"),
        ("- {when: {comment: {matches: '('}}, reply: a}", "no regular expression"),
        ("- {reply: {text: a, error: refused}}", "exactly one of"),
        ("- {reply: {}}", "exactly one of"),
        ("- {reply: {error: tired}}", "rate_limited"),
        ("- {reply: '{{ yaer }}'}", "yaer"),
        ("", "must be a mapping, not nothing"),
        ("rules: 5", "rules: must be a list, not the number 5"),
        ("- {when: {comment: 2023}, reply: a}", r"when.comment: must be text, not the number 2023; put it in quotes"),
        (
            "- {when: {comment: {lacks: [x, 2023]}}, reply: a}",
            r"lacks\[2\]: must be text, not the number 2023; put it in quotes",
        ),
        ("- {when: {comment: {matches: 2023}}, reply: a}", "must be text, not the number 2023"),
        ("- {when: {call: x}, reply: a}", "when.call: must be a list, not the text 'x'"),
        ("- {reply: 1.50}", r"reply: must be text or a mapping, not the number 1.5; put it in quotes"),
        ("- {reply: }", "reply: must be text or a mapping, not nothing"),
        ("- {reply: []}", "reply: must not be empty"),
        ("- {reply: {text: 2023-01-01}}", "text: must be text, not the date 2023-01-01; put it in quotes"),
        ("- {reply: {json: {on: 2023-01-01}}}", "json: is nothing that JSON can hold"),
        ("- {reply: {json: .nan}}", "json: is nothing that JSON can hold"),
        ("- {reply: &again {json: [*again]}}", "json: is nothing that JSON can hold"),
        ("- {reply: {text: 2023-13-45}}", "this is not YAML"),
        ("[" * 5000, "this is not YAML"),
        ("- {reply: {text: a, usage: some}}", "usage: must be a mapping or 'words' or 'unknown', not the text 'some'"),
        ("- {reply: {text: a, usage: {input: x, output: 1}}}", "usage.input: must be a whole number, not the text 'x'"),
        ("- {reply: {text: a, usd: .inf}}", "usd: must be a finite number"),
        ("- {reply: {status: 200}}", "status: must be 300 or more, not the number 200"),
    ],
)
def test_a_file_that_cannot_be_used_is_explained_beforehand_and_at_opening(
    tmp_path: Path, *, text: str | None, why: str
) -> None:
    path = tmp_path / "replies.yaml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    spec = read_model(f"recorded:{path}")

    with pytest.raises(NoModel, match=why) as refused:
        CATALOG.open(spec, prices=PriceTable())

    assert CATALOG.explain_unusable(spec) == refused.value.message
    assert not CATALOG.is_priced(spec, prices=PriceTable())


def test_json_is_read_as_well(tmp_path: Path) -> None:
    path = tmp_path / "replies.json"
    path.write_text('{"rules": [{"reply": "a"}]}', encoding="utf-8")

    client = CATALOG.open(read_model(f"recorded:{path}"), prices=PriceTable())

    assert send(client, request_for())[0].text == "a"
