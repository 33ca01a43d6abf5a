"""A workspace whose model is spoken for by the test."""

from tests.generating.conftest import open_desk

__all__ = ["open_desk"]
