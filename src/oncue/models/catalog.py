"""Which models can be used from here; opening one is what imports its library."""

from __future__ import annotations

import os
from collections.abc import Mapping

from oncue.core.modelport import ModelClient, ModelSpec, NoModel, PriceTable, Provider
from oncue.core.ports import Clock
from oncue.errors import InvalidInput
from oncue.models.prices import is_set


class ModelCatalog:
    """Opens clients; see ``Models``. Keys come from the environment alone."""

    def __init__(self, clock: Clock, environment: Mapping[str, str] = os.environ) -> None:
        self._clock = clock
        self._environment = environment

    def open(self, spec: ModelSpec, *, prices: PriceTable) -> ModelClient:
        """A client for a model.

        Raises:
            NoModel: it cannot be used; says why.
        """
        why = self.explain_unusable(spec)
        if why:
            raise NoModel(why)
        from oncue.models.recorded import open_recorded

        return open_recorded(spec, prices=prices, clock=self._clock)

    def explain_unusable(self, spec: ModelSpec) -> str:
        """Why a model cannot be used from here; empty where nothing is known that would stand in the way."""
        if spec.provider is Provider.RECORDED:
            return self._explain_script(spec)
        return f"{spec.provider.value} models cannot be called yet"

    def is_priced(self, spec: ModelSpec, *, prices: PriceTable) -> bool:
        """Whether the price of a model is known."""
        if spec.provider is Provider.RECORDED and not self.explain_unusable(spec):
            from oncue.models.recorded import is_script_priced

            return is_script_priced(spec, prices)
        return is_set(prices, spec)

    def _explain_script(self, spec: ModelSpec) -> str:
        from pathlib import Path

        from oncue.models.script import load_script

        try:
            load_script(Path(spec.name))
        except InvalidInput as error:
            return error.message
        return ""
