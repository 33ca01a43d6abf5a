"""Which jobs a text finds by their parameters."""

import pytest

from oncue.core.jobhead import holds_text

PARAMS = {"region": "Übersee", "depth": 42, "deep": True, "none": None, "weights": {"cost": [1.5, "Low"]}}


@pytest.mark.parametrize(
    ("sought", "holds"),
    [
        ("übersee", True),
        ("see", True),
        ("42", True),
        ("true", True),
        ("low", True),
        ("1.5", True),
        ("region", False),
        ("cost", False),
        ("none", False),
        ("elsewhere", False),
    ],
)
def test_a_text_is_looked_for_in_values_at_any_depth(sought: str, holds: bool) -> None:
    assert holds_text(PARAMS, sought) is holds
