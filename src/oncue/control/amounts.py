"""Money, tokens and calls as people and programs read them; what is unknown is said and never shown as zero."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oncue.core.modelcalls import Spending


def show_dollars(usd: float) -> str:
    """An amount of money: cents, and of less than ten cents two digits that count."""
    return f"${usd:.2f}" if usd >= 0.1 or not usd else f"${usd:.2g}" if usd >= 0.0001 else "under $0.0001"


def describe_spending(spent: Spending) -> str:
    """What calls cost together."""
    if not spent.calls:
        return "no calls"
    calls = f"{spent.calls} call{'s' if spent.calls > 1 else ''}"
    tokens = [f"{spent.tokens:,} tokens"] if spent.unknown_tokens < spent.calls else []
    money = [show_dollars(spent.usd)] if spent.unknown_usd < spent.calls else []
    return "; ".join([", ".join([calls, *tokens, *money]), *_unknown(spent)])


def show_cost(spent: Spending) -> str:
    """The shortest word for what calls cost: money where all prices are known, else tokens, else how many calls."""
    if not spent.calls:
        return ""
    if not spent.unknown_usd:
        return show_dollars(spent.usd)
    if not spent.unknown_tokens:
        return f"{spent.tokens:,} tokens"
    return f"{spent.calls} call{'s' if spent.calls > 1 else ''}"


def describe_assumed(counts: Mapping[str, int]) -> str:
    """On what an estimate rests that takes as many instances of these fan-outs as there were last."""
    named = [f"{count} instance{'' if count == 1 else 's'} of {name}" for name, count in counts.items()]
    return f"if there are {', '.join(named)} again"


def _unknown(spent: Spending) -> Iterator[str]:
    if spent.unknown_tokens:
        yield f"the tokens of {_some(spent.unknown_tokens, spent.calls)} are unknown"
    if spent.unknown_usd:
        yield f"the cost of {_some(spent.unknown_usd, spent.calls)} is unknown"


def _some(count: int, total: int) -> str:
    return ("all" if total > 1 else "it") if count == total else f"{count} of them"


def spending_as_dict(spending: Spending) -> Mapping[str, object]:
    """The wire form of what calls cost together: the sums of what is known, and how many calls they leave out."""
    return {
        "calls": spending.calls,
        "tokens": spending.tokens,
        "usd": spending.usd,
        "calls_of_unknown_tokens": spending.unknown_tokens,
        "calls_of_unknown_usd": spending.unknown_usd,
    }
