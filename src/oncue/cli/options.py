"""Options that many commands share, and what they say of one invocation of the program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from oncue import config
from oncue.errors import InvalidInput

if TYPE_CHECKING:
    from oncue.control.workspace import Workspace
    from oncue.core.model import Job

F = TypeVar("F", bound=Callable[..., Any])


class Counter(click.IntRange):
    """A number of something that is counted; one higher than anything can have is a mistake of usage, too.

    What is counted from 0 are events.
    """

    def __init__(self, first: int = 1) -> None:
        super().__init__(first)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number.

        Raises:
            click.BadParameter: it is none, or too low or too high.
        """
        from oncue.core.counting import HIGHEST_EVENT, HIGHEST_NUMBER

        self.max = HIGHEST_NUMBER if self.min else HIGHEST_EVENT
        return super().convert(value, param, ctx)


@dataclass(slots=True)
class Invocation:
    """What the options that all commands share came to; ``job`` is the id of the job it is about, once that is known."""

    location: str | None = None
    actor_name: str | None = None
    verbosity: int = 0
    job: str = ""
    opened: Workspace | None = None

    @property
    def workspace_location(self) -> str:
        """The folder or URL of the workspace."""
        return self.location or config.read_workspace()

    @property
    def actor(self) -> str:
        """The person who acts."""
        return self.actor_name if self.actor_name is not None else config.read_actor()

    def open(self, *, create: bool = False) -> Workspace:
        """Open the workspace.

        Raises:
            NoWorkspace: there is none, and none is to be made.
        """
        from oncue.wiring import open_workspace

        configure_logging(self.verbosity)
        self.opened = open_workspace(self.workspace_location, create=create)
        return self.opened

    def open_job(self, text: str) -> tuple[Workspace, Job]:
        """Open the workspace and find a job in it by its id or the beginning of one.

        Raises:
            NoWorkspace, UnknownJob, AmbiguousJob: it cannot be found.
        """
        from oncue.control.workspace import find_job

        workspace = self.open()
        with workspace.store.read() as reader:
            job = find_job(reader, text)
        self.job = job.id
        return workspace, job

    def close(self) -> None:
        """Close what was opened."""
        if self.opened is not None:
            self.opened.store.close()
            self.opened = None


def configure_logging(verbosity: int) -> None:
    """The log is silent unless it is asked for: ``-v`` shows what happens, ``-vv`` also details."""
    import logging

    logger = logging.getLogger("oncue")
    if not verbosity:
        logger.addHandler(logging.NullHandler())
        return
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logger.setLevel(logging.DEBUG if verbosity > 1 else logging.INFO)


def _remember(name: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    def callback(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
        del parameter
        if value:
            setattr(context.ensure_object(Invocation), name, value)
        return value

    return callback


def _option(*names: str, remembered_as: str, **settings: Any) -> Callable[[F], F]:
    return click.option(*names, expose_value=False, is_eager=True, callback=_remember(remembered_as), **settings)


workspace_option = _option(
    "--workspace",
    remembered_as="location",
    metavar="PATH|URL",
    default=None,
    help=f"Folder or PostgreSQL URL of the workspace [{config.WORKSPACE}; {config.DEFAULT_WORKSPACE}].",
)
actor_option = _option(
    "--actor",
    remembered_as="actor_name",
    metavar="NAME",
    default=None,
    help=f"The person who acts [{config.ACTOR}; your user name].",
)
verbose_option = _option("-v", "--verbose", remembered_as="verbosity", count=True, default=0, help="Show the log.")
json_option = click.option("--json", "is_json", is_flag=True, default=False, help="Print one JSON document.")
job_argument = click.argument("job", envvar=config.JOB, required=True)
param_option = click.option(
    "--param",
    "params",
    metavar="NAME=VALUE",
    multiple=True,
    default=(),
    callback=lambda _context, _parameter, values: read_pairs(values),
    help="A parameter of the workflow; may be repeated.",
)
leave_option = click.option(
    "--no-wait", is_flag=True, default=False, help="Leave when the run waits for a person; it can be answered and continued."
)
reason_option = click.option("--reason", metavar="TEXT", default="", help="Why; it is kept with the record.")


def common_options(function: F) -> F:
    """``--workspace`` and ``-v``, which every command takes."""
    return workspace_option(verbose_option(function))


def read_pairs(values: tuple[str, ...]) -> Mapping[str, str]:
    """``NAME=VALUE`` texts as a mapping.

    Raises:
        InvalidInput: one without ``=``, or a name that is given twice.
    """
    pairs: dict[str, str] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise InvalidInput(f"--param {text!r} is not of the form NAME=VALUE", code="usage")
        if name.strip() in pairs:
            raise InvalidInput(f"--param {name.strip()} is given twice", code="usage")
        pairs[name.strip()] = value
    return pairs


class StepCommand(click.Command):
    """A command whose arguments are ``[JOB] STEP``: the job may come from the environment, the step may look negative."""

    metavar = "[JOB] STEP"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ignore_unknown_options = True
        self.params.insert(0, click.Argument(["words"], nargs=-1, metavar=self.metavar, callback=self.split))

    @staticmethod
    def split(context: click.Context, parameter: click.Parameter, words: tuple[str, ...]) -> tuple[str, str | None]:
        """The job and the step that the words name."""
        job, step = split_job_and_step(context, parameter, words)
        if step is None:
            raise click.MissingParameter(ctx=context, param=parameter, param_hint="'STEP'", param_type="argument")
        return job, step


class OptionalStepCommand(StepCommand):
    """A command whose arguments are ``[JOB] [STEP]``."""

    metavar = "[JOB] [STEP]"

    @staticmethod
    def split(context: click.Context, parameter: click.Parameter, words: tuple[str, ...]) -> tuple[str, str | None]:
        """The job, and the step where one is named."""
        return split_job_and_step(context, parameter, words)


def split_job_and_step(context: click.Context, parameter: click.Parameter, words: tuple[str, ...]) -> tuple[str, str | None]:
    """Which of the words is the job and which the step; where the environment names the job, one word is the step."""
    import os

    for word in words:
        if word.startswith("-") and not word.removeprefix("-").isdigit():
            raise click.NoSuchOption(word, ctx=context)
    known = os.environ.get(config.JOB)
    match words:
        case (job, step):
            return job, step
        case (word,):
            return (known, word) if known else (word, None)
        case () if known:
            return known, None
        case ():
            raise click.MissingParameter(ctx=context, param=parameter, param_hint="'JOB'", param_type="argument")
        case _:
            raise click.UsageError(f"Got unexpected extra arguments ({' '.join(words[2:])})", ctx=context)
