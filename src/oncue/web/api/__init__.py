"""The HTTP API: one module of routes for each kind of thing."""
