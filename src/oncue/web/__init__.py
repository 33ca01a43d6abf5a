"""The server: the HTTP API, the event streams and the pages, over the same use cases as the command line."""
