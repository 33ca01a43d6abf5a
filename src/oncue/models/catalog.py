"""Which models can be used from here; opening one is what imports its library."""

from __future__ import annotations

import os
from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING

from oncue.core.modelport import ModelClient, ModelSpec, NoModel, PriceTable, Provider
from oncue.core.ports import Clock
from oncue.errors import InvalidInput
from oncue.models.prices import is_listed, is_set
from oncue.models.providers import explain_missing

if TYPE_CHECKING:
    from oncue.models.telemetry import Tracing


class ModelCatalog:
    """Opens clients; see ``Models``. Keys come from the environment alone."""

    def __init__(
        self, clock: Clock, environment: Mapping[str, str] = os.environ, *, silence_seconds: float | None = None
    ) -> None:
        self._clock = clock
        self._environment = environment
        self._lock = Lock()
        self._tracing: Tracing | None = None
        self._is_tracing_open = False
        self._silence = {"silence_seconds": silence_seconds} if silence_seconds is not None else {}

    def open(self, spec: ModelSpec, *, prices: PriceTable) -> ModelClient:
        """A client for a model. The libraries take a second or three to import: call it in a thread.

        Raises:
            NoModel: it cannot be used; says why.
        """
        why = self.explain_unusable(spec)
        if why:
            raise NoModel(why)
        client = self._open(spec, prices)
        tracing = self._find_tracing()
        if tracing is None:
            return client
        from oncue.models.telemetry import TracedClient

        return TracedClient(client, tracing)

    def explain_unusable(self, spec: ModelSpec) -> str:
        """Why a model cannot be used from here; empty where nothing is known that would stand in the way."""
        return _explain_script(spec) if spec.provider is Provider.RECORDED else explain_missing(spec, self._environment)

    def is_priced(self, spec: ModelSpec, *, prices: PriceTable) -> bool:
        """Whether the price of a model is known."""
        if is_set(prices, spec):
            return True
        if self.explain_unusable(spec):
            return False
        if spec.provider is Provider.RECORDED:
            from oncue.models.recorded import is_script_priced

            return is_script_priced(spec, prices)
        return is_listed(spec, at=self._clock.now())

    def _open(self, spec: ModelSpec, prices: PriceTable) -> ModelClient:
        if spec.provider is Provider.RECORDED:
            from oncue.models.recorded import open_recorded

            return open_recorded(spec, prices=prices, clock=self._clock)
        from oncue.models.remote import open_remote

        return open_remote(spec, prices=prices, clock=self._clock, environment=self._environment, **self._silence)

    def _find_tracing(self) -> Tracing | None:
        """Where spans go; one for all clients."""
        with self._lock:
            if not self._is_tracing_open:
                from oncue.models.telemetry import open_tracing

                self._tracing = open_tracing(self._environment)
                self._is_tracing_open = True
            return self._tracing


def _explain_script(spec: ModelSpec) -> str:
    from pathlib import Path

    from oncue.models.script import load_script

    try:
        load_script(Path(spec.name))
    except InvalidInput as error:
        return error.message
    return ""
