"""Bundled workflows: real programs on the public API, each useful by itself."""
