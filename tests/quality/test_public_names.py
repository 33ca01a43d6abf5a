"""What ``import oncue`` offers is a promise: it changes only on purpose, here and in the changelog."""

import oncue

PUBLIC = [
    "Output",
    "Param",
    "Params",
    "RetryPolicy",
    "StepContext",
    "StepFailed",
    "Workflow",
]


def test_the_public_names_are_the_promised_ones_in_order() -> None:
    assert oncue.__all__ == PUBLIC
    assert sorted(PUBLIC) == PUBLIC


def test_every_public_name_can_be_used() -> None:
    for name in PUBLIC:
        assert getattr(oncue, name).__name__ == name
