"""Workflows as people write them, in Python or as YAML manifests, turned into definitions that can be executed."""
