"""One measured figure: its samples, what it is compared with, and whether that is reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure over some rounds.

    ``value`` is the median of ``samples``. Where there is a ``base``, ``ratio`` is the median over the rounds of a sample by
    the base of its own round. ``limit`` bounds the ratio where ``is_ratio_bound``, else the value; None bounds nothing.
    """

    name: str
    unit: str
    samples: tuple[float, ...]
    ratios: tuple[float, ...] = ()
    base: str = ""
    limit: float | None = None
    is_ratio_bound: bool = False
    note: str = ""

    @classmethod
    def against(
        cls, name: str, *, unit: str, samples: Sequence[float], bases: Sequence[float], base: str, limit: float
    ) -> Self:
        """A figure that is bound by its ratio to something measured around it."""
        ratios = tuple(sample / of for sample, of in zip(samples, bases, strict=True))
        return cls(name=name, unit=unit, samples=tuple(samples), ratios=ratios, base=base, limit=limit, is_ratio_bound=True)

    @property
    def value(self) -> float | None:
        """The median; None where nothing could be measured."""
        return median(self.samples) if self.samples else None

    @property
    def ratio(self) -> float | None:
        """The median ratio to the base, if there is one."""
        return median(self.ratios) if self.ratios else None

    @property
    def is_reached(self) -> bool | None:
        """Whether the limit is kept; None where there is none, or no measurement."""
        found = self.ratio if self.is_ratio_bound else self.value
        return None if self.limit is None or found is None else found <= self.limit

    def as_dict(self) -> dict[str, object]:
        """The figure as JSON."""
        return {
            "name": self.name,
            "unit": self.unit,
            "value": _rounded(self.value),
            "ratio": _rounded(self.ratio),
            "ratio_to": self.base or None,
            "limit": self.limit,
            "limit_on": None if self.limit is None else "ratio" if self.is_ratio_bound else "value",
            "reached": self.is_reached,
            "samples": [_rounded(sample) for sample in self.samples],
            "ratios": [_rounded(ratio) for ratio in self.ratios],
            "note": self.note,
        }


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.5g}")
