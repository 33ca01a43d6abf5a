"""Declared steps joined into one workflow definition, and checked as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from oncue.core.definition import WorkflowDefinition
from oncue.core.graph import Graph
from oncue.definitions.element_keys import KeyFunction, key_function
from oncue.definitions.step_bodies import make_converter
from oncue.definitions.step_declaration import StepDeclaration
from oncue.definitions.step_signature import SPECIAL, StepSignature, is_listless
from oncue.errors import DefinitionError, nearest


def check_graph(definition: WorkflowDefinition, *, file: str, line_of: Callable[[str], int]) -> Graph:
    """The graph of a definition; its errors say in which file and line.

    Raises:
        DefinitionError: an unknown upstream step, or a cycle with its path.
    """
    try:
        return Graph(definition)
    except DefinitionError as error:
        message = error.message.removeprefix(f"{error.field}: ")
        line = line_of(error.field.removeprefix("steps."))
        raise DefinitionError(message, file=file, line=line, field=error.field) from error


def check_names(steps: Mapping[str, StepDeclaration]) -> None:
    """Every parameter and every ``each`` must be a step.

    Raises:
        DefinitionError: names the parameter and what is near.
    """
    for step in steps.values():
        for name in step.needs:
            if name not in steps:
                near = nearest(name, [*steps, *SPECIAL])
                raise step.error(
                    f"{name!r} is neither a step nor params, ctx or item{near}",
                    parameter=name,
                    hint=f"steps: {', '.join(steps)}",
                )
        each = step.options.each
        if each is not None and each not in steps:
            raise step.error(f"each={each!r} is not a step{nearest(each, list(steps))}")


def check_fan_outs(steps: Mapping[str, StepDeclaration], signatures: Mapping[str, StepSignature]) -> None:
    """What a step fans out over must be able to be a list, or be a fan-out itself.

    Raises:
        DefinitionError: the annotation of the step it fans out over says otherwise.
    """
    for step in steps.values():
        each = step.options.each
        if each is None or steps[each].options.each is not None:
            if each is not None and step.options.key is not None:
                raise step.error(f"key= has no use here: each={each!r} is a fan-out and brings its keys")
            continue
        if is_listless(signatures[each].returns):
            raise step.error(f"each={each!r} must return a list, and is declared to return {signatures[each].returns}")


def make_keys(
    steps: Iterable[StepDeclaration], graph: Graph, signatures: Mapping[str, StepSignature]
) -> dict[str, KeyFunction]:
    """The key function of every fan-out over a list."""
    return {
        step.id: key_function(
            step.id, step.options.key, element=make_converter(step.id, "item", signatures[step.id].hints["item"])
        )
        for step in steps
        if step.options.each is not None and not graph.is_elementwise(step.id)
    }
