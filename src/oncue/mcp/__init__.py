"""The server for agents: they look at a workspace and recommend runs, over the same use cases as others, and start nothing."""
