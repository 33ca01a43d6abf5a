"""What the environment says: which workspace, which job, who acts, and how much is shown of a defect."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping

DEFAULT_WORKSPACE = ".oncue"
WORKSPACE = "ONCUE_WORKSPACE"
JOB = "ONCUE_JOB"
MODEL = "ONCUE_MODEL"
ACTOR = "ONCUE_ACTOR"
DEBUG = "ONCUE_DEBUG"


def read_workspace(environment: Mapping[str, str] = os.environ) -> str:
    """A folder or PostgreSQL URL: ``ONCUE_WORKSPACE``, else ``.oncue`` in the current folder."""
    return environment.get(WORKSPACE) or DEFAULT_WORKSPACE


def read_actor(environment: Mapping[str, str] = os.environ) -> str:
    """The person who acts: ``ONCUE_ACTOR``, else the operating system's user."""
    given = environment.get(ACTOR, "").strip()
    if given:
        return given
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number that has no name
        return f"user {os.getuid()}"


def is_debugging(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a defect is shown with its traceback: ``ONCUE_DEBUG`` is set, and not to 0."""
    return environment.get(DEBUG, "0") not in ("", "0")
