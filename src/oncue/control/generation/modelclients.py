"""The clients of the language models that a process speaks to: opened once, at first use."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from oncue.control.generation.runbudget import RunBudget
from oncue.control.settings import chosen_model, read_prices
from oncue.control.workspace import Workspace
from oncue.core.model import Run
from oncue.core.modelport import ModelClient, ModelSpec, NoModel, read_model


class ModelClients:
    """Opens clients in a thread, because importing their libraries takes a while."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._opening: dict[ModelSpec, asyncio.Task[ModelClient]] = {}

    def choose(self, named: str = "") -> ModelSpec:
        """The model that a step names, else that of the workspace.

        Raises:
            NoModel: neither is named. InvalidInput: what is named is no model.
        """
        if named:
            return read_model(named)
        with self._workspace.store.read() as reader:
            spec = chosen_model(reader)
        if spec is None:
            raise NoModel("no model is set for this workspace")
        return spec

    def is_usable(self) -> bool:
        """Whether the workspace names a model that can be called from here."""
        with self._workspace.store.read() as reader:
            spec = chosen_model(reader)
        models = self._workspace.models
        return spec is not None and models is not None and not models.explain_unusable(spec)

    async def get(self, spec: ModelSpec) -> ModelClient:
        """The client of a model.

        Raises:
            NoModel: it cannot be used; says why.
        """
        task = self._opening.get(spec)
        if task is None:
            task = self._opening[spec] = asyncio.ensure_future(asyncio.to_thread(self._open, spec))
        try:
            return await asyncio.shield(task)
        except NoModel:
            self._opening.pop(spec, None)
            raise

    async def close(self) -> None:
        """Close every client."""
        opening, self._opening = list(self._opening.values()), {}
        for client in await asyncio.gather(*opening, return_exceptions=True):
            if not isinstance(client, BaseException):
                await client.close()

    def _open(self, spec: ModelSpec) -> ModelClient:
        models = self._workspace.models
        if models is None:
            raise NoModel("this program was put together without language models")
        with self._workspace.store.read() as reader:
            prices = read_prices(reader)
        return models.open(spec, prices=prices)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunModels:
    """What the attempts of one run share when they call models."""

    workspace: Workspace
    run: Run
    clients: ModelClients
    budget: RunBudget
