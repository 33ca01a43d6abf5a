"""What a call cost: by the prices that a person set, else by a public price list, else unknown.

The list comes with the package ``genai-prices``; nothing is fetched. It is asked by the model's name and by who runs it: the
provider, or the host of a URL of one's own. A server that the list does not know has no price, whatever its models are called.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from oncue.core.modelport import ModelSpec, Price, PriceTable, Provider, Usage

if TYPE_CHECKING:
    from genai_prices.types import AbstractUsage, PriceCalculation

BY_SETTING = "settings"


def price_by_setting(prices: PriceTable, spec: ModelSpec, usage: Usage) -> Price | None:
    """The price by what a person set for the model's name; None unless both directions are set."""
    if not is_set(prices, spec):
        return None
    usd = usage.input_tokens * prices.input_usd[spec.name] + usage.output_tokens * prices.output_usd[spec.name]
    return Price(usd=usd / 1e6, source=BY_SETTING)


def price_by_list(spec: ModelSpec, usage: AbstractUsage, *, at: datetime) -> Price | None:
    """The price by the public list; None where it does not know the model or its server."""
    if spec.provider not in (Provider.OPENAI, Provider.ANTHROPIC):
        return None
    import genai_prices

    try:
        found = _look_up(spec, usage, at)
    except (LookupError, ValueError):  # a model or a server that is not listed; a usage that no model has
        return None
    return Price(usd=float(found.total_price), source=f"genai-prices {genai_prices.__version__}")


def is_listed(spec: ModelSpec, *, at: datetime) -> bool:
    """Whether the public list knows the price of a model."""
    from genai_prices import Usage as ListUsage

    return price_by_list(spec, ListUsage(input_tokens=1, output_tokens=1), at=at) is not None


def is_set(prices: PriceTable, spec: ModelSpec) -> bool:
    """Whether a person set the price of a model."""
    return spec.name in prices.input_usd and spec.name in prices.output_usd


def _look_up(spec: ModelSpec, usage: AbstractUsage, at: datetime) -> PriceCalculation:
    from genai_prices import calc_price

    if spec.url:
        return calc_price(usage, spec.name, provider_api_url=spec.url, genai_request_timestamp=at)
    return calc_price(usage, spec.name, provider_id=spec.provider.value, genai_request_timestamp=at)
