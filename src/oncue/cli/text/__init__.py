"""Views as text for people."""
