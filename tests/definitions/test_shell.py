"""Shell steps as real processes: what they find, what they leave, and how they end."""

import asyncio
import os
import signal
from collections.abc import Mapping
from pathlib import Path

import pytest

from oncue.control.steps.calls import AsyncBody, LoadedWorkflow, StepFailed, StepOutput
from oncue.control.steps.outputs import Output, StoredFile
from oncue.core.model import ArtifactKind, ContentHash
from oncue.definitions.process_group import is_group_alive
from oncue.definitions.shell import ShellStep, make_shell_body
from tests.definitions.blobs import MemoryBlobs
from tests.definitions.desk import make_call, output, run_body
from tests.definitions.manifests import load_text


def run_text(
    folder: Path,
    run: str,
    *,
    outputs: tuple[str, ...] = (),
    params: Mapping[str, object] | None = None,
    inputs: Mapping[str, Output | Mapping[str, Output]] | None = None,
    env: Mapping[str, str] | None = None,
) -> StepOutput:
    """Run one shell text as a step in this folder; its scratch folder is ``scratch`` in it."""
    loaded, step = one_step(folder), ShellStep(run=run, env=env or {}, outputs=outputs, folder=str(folder))
    call = make_call(loaded, "a", folder=folder / "scratch", params=params, inputs=inputs)
    return asyncio.run(awaited(make_shell_body(step), call=call))


async def awaited(body: AsyncBody, *, call: object) -> StepOutput:
    return await body.run(call)  # type: ignore[arg-type]


def one_step(folder: Path) -> LoadedWorkflow:
    return load_text(folder, "name: one\nsteps: [{id: a, run: 'true'}]")


def stdout_of(result: StepOutput) -> str:
    return result.files["stdout"].read_text()


def test_without_declared_outputs_the_standard_output_is_the_artifact(tmp_path: Path) -> None:
    result = run_text(tmp_path, "echo out; echo err >&2")

    assert result.value is None
    assert {name: path.read_text() for name, path in result.files.items()} == {"stdout": "out\n"}
    assert result.log is not None
    assert sorted(result.log.read_text().splitlines()) == ["err", "out"]


def test_a_step_runs_in_the_folder_of_the_manifest(tmp_path: Path) -> None:
    assert stdout_of(run_text(tmp_path, "pwd -P; ls flow.yaml")) == f"{tmp_path.resolve()}\nflow.yaml\n"


def test_a_step_knows_its_job_run_step_and_attempt(tmp_path: Path) -> None:
    text = 'echo "$ONCUE_JOB/$ONCUE_RUN/$ONCUE_STEP/$ONCUE_ATTEMPT"; ls -A "$ONCUE_OUTPUTS" "$ONCUE_INPUTS"'

    assert stdout_of(run_text(tmp_path, text)).splitlines()[0] == "job-1/1/a/1"


def test_parameters_are_in_the_environment_as_text(tmp_path: Path) -> None:
    params = {"region": "eu west", "limit": 10, "share": 0.5, "dry": True, "none": None, "tags": ["ä", 1], "map": {"k": 1}}

    result = run_text(tmp_path, "env | grep ^ONCUE_PARAM_ | sort", params=params)

    assert stdout_of(result).splitlines() == [
        "ONCUE_PARAM_DRY=true",
        "ONCUE_PARAM_LIMIT=10",
        'ONCUE_PARAM_MAP={"k":1}',
        "ONCUE_PARAM_NONE=",
        "ONCUE_PARAM_REGION=eu west",
        "ONCUE_PARAM_SHARE=0.5",
        'ONCUE_PARAM_TAGS=["ä",1]',
    ]


def test_the_environment_of_a_step_has_parameters_as_they_are(tmp_path: Path) -> None:
    result = run_text(
        tmp_path, 'echo "$GREETING"', env={"GREETING": "hello {{ params.who }}"}, params={"who": "$(id) 'x' \"y\""}
    )

    assert stdout_of(result) == "hello $(id) 'x' \"y\"\n"


def test_upstream_outputs_are_files_in_a_folder_of_the_steps_name(tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    name, body = "deep/table.csv", b"a,b\n"
    stored = StoredFile(name=name, address=blobs.put(body), size=len(body))
    tree = Output(address=ContentHash("sha256:0"), kind=ArtifactKind.TREE, value=None, files={name: stored}, blobs=blobs)
    fan_out = {"solar/wind": output(1), "..": output(2), "plain": output({"a": 3})}

    result = run_text(
        tmp_path,
        'cd "$ONCUE_INPUTS"; for f in $(find . -type f | LC_ALL=C sort); do echo "$f $(cat "$f")"; done',
        inputs={"tree": tree, "value": output(["x"]), "each": fan_out},
    )

    assert stdout_of(result).splitlines() == [
        "./each/%2E%2E/answer 2",
        "./each/%2E%2E/value.json 2",
        './each/plain/answer {"a":3}',
        './each/plain/value.json {"a": 3}',
        "./each/solar%2Fwind/answer 1",
        "./each/solar%2Fwind/value.json 1",
        "./tree/deep/table.csv a,b",
        "./value/answer x",
        './value/value.json ["x"]',
    ]


def test_the_longest_key_is_still_a_file_name(tmp_path: Path) -> None:
    keys = {"😀" * 120: output(1), "😀" * 119 + "x": output(2)}

    result = run_text(tmp_path, 'cat "$ONCUE_INPUTS"/each/*/value.json', inputs={"each": keys})

    assert sorted(stdout_of(result)) == ["1", "2"]


def test_declared_outputs_are_the_artifact_and_nothing_else_is_kept(tmp_path: Path) -> None:
    text = """
        cd "$ONCUE_OUTPUTS"; mkdir -p site/deep plots
        echo r > report.md; echo i > site/index.html; echo d > site/deep/a.css; echo p > plots/a.svg; echo x > extra.txt
    """

    result = run_text(tmp_path, text, outputs=("report.md", "site/", "plots/*.svg"))

    assert sorted(result.files) == ["plots/a.svg", "report.md", "site/deep/a.css", "site/index.html"]
    assert result.log is not None
    assert "not kept: extra.txt" in result.log.read_text()


@pytest.mark.parametrize(
    ("declared", "is_met"),
    [
        ("a.txt", True),
        ("*.txt", True),
        ("b/*.txt", True),
        ("b/*/d.txt", True),
        ("**/d.txt", True),
        ("**", True),
        ("b", True),
        ("?.txt", True),
        ("*.md", False),
        ("d.txt", False),
        ("b/d.txt", False),
        ("a.tx", False),
    ],
)
def test_a_declared_output_is_a_path_a_folder_or_a_glob(declared: str, is_met: bool, tmp_path: Path) -> None:
    text = 'cd "$ONCUE_OUTPUTS"; mkdir -p b/c; touch a.txt b/b.txt b/c/d.txt'

    if is_met:
        assert run_text(tmp_path, text, outputs=(declared,)).files
    else:
        with pytest.raises(StepFailed, match="declared outputs are missing"):
            run_text(tmp_path, text, outputs=(declared,))


def test_missing_outputs_fail_the_step_and_are_named(tmp_path: Path) -> None:
    with pytest.raises(StepFailed) as caught:
        run_text(tmp_path, 'touch "$ONCUE_OUTPUTS/c"', outputs=("a.txt", "b/*.csv", "c"))

    assert caught.value.code == "missing_outputs"
    assert "a.txt, b/*.csv (there is: c)" in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        'ln -s /etc/passwd "$ONCUE_OUTPUTS/a"',
        'ln -s .. "$ONCUE_OUTPUTS/a"',
        'mkdir "$ONCUE_OUTPUTS/a"; ln -s /etc "$ONCUE_OUTPUTS/a/b"',
        'rmdir "$ONCUE_OUTPUTS"; ln -s /etc "$ONCUE_OUTPUTS"',
        'mkfifo "$ONCUE_OUTPUTS/a"',
        'rmdir "$ONCUE_OUTPUTS"',
        "touch \"$ONCUE_OUTPUTS/a\"$'\\xff'",
    ],
)
def test_what_leads_out_of_the_outputs_folder_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(StepFailed) as caught:
        run_text(tmp_path, text, outputs=("a",))

    assert caught.value.code == "unsafe_output"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("exit 3", "exit status 3"),
        ("no-such-command-here", "exit status 127 (a command that was not found)"),
        ("kill -TERM $$", "the shell was ended by signal SIGTERM"),
        ("bash -c 'kill -KILL $$'; true", "exit status 137 (signal SIGKILL)"),
        ("false; echo not reached", "exit status 1"),
        ("false | cat", "exit status 1"),
        ('echo "$NOT_SET_ANYWHERE"', "exit status 1"),
    ],
)
def test_any_failure_in_the_text_fails_the_step(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(StepFailed) as caught:
        run_text(tmp_path, text)

    assert (caught.value.code, caught.value.message) == ("exit_status", message)


def test_a_failure_carries_the_end_of_the_log_and_the_whole_of_it(tmp_path: Path) -> None:
    with pytest.raises(StepFailed) as caught:
        run_text(tmp_path, "seq 10000; echo the reason >&2; exit 1")

    assert len(caught.value.detail) == 2_000
    assert "the reason" in caught.value.detail
    assert caught.value.log is not None
    assert caught.value.log.read_text().startswith("1\n2\n3\n")


@pytest.mark.parametrize(
    ("text", "folder", "code"),
    [("true", "gone", "no_folder"), ("true # \0", ".", "not_started"), ("true #" + "x" * 3_000_000, ".", "not_started")],
)
def test_a_shell_that_cannot_start_fails_the_step(text: str, folder: str, code: str, tmp_path: Path) -> None:
    step = ShellStep(run=text, env={}, outputs=(), folder=str(tmp_path / folder))
    call = make_call(one_step(tmp_path), "a", folder=tmp_path / "scratch")

    with pytest.raises(StepFailed) as caught:
        asyncio.run(awaited(make_shell_body(step), call=call))

    assert caught.value.code == code


def test_fifty_megabytes_of_output_are_kept_whole_in_little_memory(tmp_path: Path) -> None:
    before = peak_kilobytes()

    result = run_text(tmp_path, "head -c 50000000 /dev/zero")

    assert result.files["stdout"].stat().st_size == 50_000_000
    assert result.log is not None
    assert result.log.stat().st_size == 50_000_000
    assert peak_kilobytes() - before < 20_000


def peak_kilobytes() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])


def test_what_a_step_leaves_in_the_background_ends_with_it(tmp_path: Path) -> None:
    result = run_text(tmp_path, "sleep 1000 > /dev/null 2>&1 & echo $$; jobs -p")
    group = int(stdout_of(result).splitlines()[0])

    assert not is_group_alive(group)


def test_output_that_follows_the_exit_is_kept(tmp_path: Path) -> None:
    result = run_text(tmp_path, "mkfifo gate; { cat gate; } & echo early; { echo late > gate; } > /dev/null 2>&1 &")

    assert sorted(stdout_of(result).split()) == ["early", "late"]


class Cancelled:
    """Cancel a step once it has written ``ready``, and look at what is left of it."""

    def __init__(self, folder: Path, text: str, *, grace_seconds: float = 5.0) -> None:
        step = ShellStep(run=text, env={}, outputs=(), folder=str(folder))
        self.ready = folder / "ready"
        self.body = make_shell_body(step, grace_seconds=grace_seconds)
        self.call = make_call(one_step(folder), "a", folder=folder / "scratch")
        os.mkfifo(self.ready)
        self.group = 0

    async def run(self, *, cancels: int = 1) -> None:
        task = asyncio.ensure_future(awaited(self.body, call=self.call))
        self.group = int(await asyncio.to_thread(self.ready.read_text))
        for _ in range(cancels):
            task.cancel()
            await asyncio.wait([task], timeout=0.05 if cancels > 1 else None)
        with pytest.raises(asyncio.CancelledError):
            await task


GRANDCHILD = "bash -c 'trap \"\" HUP; sleep 1000' > /dev/null 2>&1 & echo $$ > ready; wait"


def test_a_cancelled_step_ends_with_all_its_descendants(tmp_path: Path) -> None:
    cancelled = Cancelled(tmp_path, GRANDCHILD)

    asyncio.run(cancelled.run())

    assert not is_group_alive(cancelled.group)


def test_a_cancelled_step_is_asked_to_end_before_it_is_killed(tmp_path: Path) -> None:
    cancelled = Cancelled(tmp_path, "trap 'echo bye > last-words; exit 0' TERM; echo $$ > ready; sleep 1000 & wait")

    asyncio.run(cancelled.run())

    assert (tmp_path / "last-words").read_text() == "bye\n"


def test_a_step_that_ignores_the_request_is_killed_after_the_grace(tmp_path: Path) -> None:
    cancelled = Cancelled(tmp_path, "trap '' TERM; echo $$ > ready; while true; do :; done", grace_seconds=0.1)

    asyncio.run(cancelled.run())

    assert not is_group_alive(cancelled.group)


def test_a_second_cancel_shortens_the_grace(tmp_path: Path) -> None:
    cancelled = Cancelled(tmp_path, "trap '' TERM; echo $$ > ready; while true; do :; done", grace_seconds=60)

    asyncio.run(asyncio.wait_for(cancelled.run(cancels=3), 20))

    assert not is_group_alive(cancelled.group)


def test_a_timeout_ends_the_step_as_a_cancel_does(tmp_path: Path) -> None:
    cancelled = Cancelled(tmp_path, GRANDCHILD)

    async def limited() -> None:
        async with asyncio.timeout(None) as limit:
            asyncio.ensure_future(watch(limit))  # noqa: RUF006 - ends with the block
            await cancelled.body.run(cancelled.call)

    async def watch(limit: asyncio.Timeout) -> None:
        cancelled.group = int(await asyncio.to_thread(cancelled.ready.read_text))
        limit.reschedule(0)

    with pytest.raises(TimeoutError):
        asyncio.run(limited())
    assert not is_group_alive(cancelled.group)


def test_a_cancel_carries_the_end_of_the_log(tmp_path: Path) -> None:
    step = ShellStep(run="echo the last words; echo > ready; sleep 1000", env={}, outputs=(), folder=str(tmp_path))
    call = make_call(one_step(tmp_path), "a", folder=tmp_path / "scratch")
    os.mkfifo(tmp_path / "ready")

    async def cancel() -> None:
        task = asyncio.ensure_future(awaited(make_shell_body(step), call=call))
        await asyncio.to_thread((tmp_path / "ready").read_text)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError) as caught:
        asyncio.run(cancel())
    assert "the last words\n" in caught.value.__notes__


def test_no_zombie_is_left(tmp_path: Path) -> None:
    leader = int(stdout_of(run_text(tmp_path, "echo $$")))

    assert not Path(f"/proc/{leader}").exists()


def test_a_killed_shell_is_reported_by_its_signal(tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match="ended by signal SIGKILL"):
        run_text(tmp_path, f"kill -{signal.SIGKILL.value} $$")


def test_a_manifest_runs_from_its_first_step_to_its_last(tmp_path: Path) -> None:
    loaded = load_text(
        tmp_path,
        """
        params: {who: the world}
        steps:
          - id: greet
            run: echo "hello {{ params.who }}"
          - id: shout
            outputs: loud.txt
            run: tr a-z A-Z < "$ONCUE_INPUTS/greet/stdout" > "$ONCUE_OUTPUTS/loud.txt"
        """,
    )
    blobs = MemoryBlobs()

    first = run_body(loaded, make_call(loaded, "greet", folder=tmp_path / "1"))
    greeting = StoredFile(name="stdout", address=blobs.put(first.files["stdout"].read_bytes()), size=0)
    tree = Output(address=ContentHash("sha256:0"), kind=ArtifactKind.TREE, value=None, files={"stdout": greeting}, blobs=blobs)
    second = run_body(loaded, make_call(loaded, "shout", folder=tmp_path / "2", inputs={"greet": tree}))

    assert second.files["loud.txt"].read_text() == "HELLO THE WORLD\n"
