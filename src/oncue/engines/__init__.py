"""Engines: when and where tasks execute."""
