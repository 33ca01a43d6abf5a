"""Properties of the core are tried without a deadline."""

from tests.properties.profile import load_profile

load_profile()
