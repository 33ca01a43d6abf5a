"""What a call cost: by the prices that a person set, else by a public price list, else unknown."""

from __future__ import annotations

from oncue.core.modelport import ModelSpec, Price, PriceTable, Usage

BY_SETTING = "settings"


def price_by_setting(prices: PriceTable, spec: ModelSpec, usage: Usage) -> Price | None:
    """The price by what a person set for the model's name; None unless both directions are set."""
    if not is_set(prices, spec):
        return None
    usd = usage.input_tokens * prices.input_usd[spec.name] + usage.output_tokens * prices.output_usd[spec.name]
    return Price(usd=usd / 1e6, source=BY_SETTING)


def is_set(prices: PriceTable, spec: ModelSpec) -> bool:
    """Whether a person set the price of a model."""
    return spec.name in prices.input_usd and spec.name in prices.output_usd
