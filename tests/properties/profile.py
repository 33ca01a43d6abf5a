"""How much hypothesis tries: the same examples on every machine of a CI, new ones at a desk; never a deadline."""

import os

from hypothesis import settings


def load_profile() -> None:
    """Make it the default of every property in this session."""
    settings.register_profile("oncue", deadline=None, derandomize="CI" in os.environ, print_blob=True)
    settings.load_profile("oncue")
