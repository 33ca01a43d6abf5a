"""Properties are tried without a deadline."""

from tests.properties.profile import load_profile

load_profile()
