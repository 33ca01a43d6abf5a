"""The command line: reads what a person wants, calls the use cases, and renders their views."""
