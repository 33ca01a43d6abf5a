"""For tests of workflows: the command, a model that speaks HTTP from a script, and the form of scripts."""

from oncue.models.script import InvalidScript, Script, load_script, read_script
from oncue.testing.commandline import CommandFailed, CommandLine
from oncue.testing.modelstub import ModelStub, StubRequest

__all__ = [
    "CommandFailed",
    "CommandLine",
    "InvalidScript",
    "ModelStub",
    "Script",
    "StubRequest",
    "load_script",
    "read_script",
]
