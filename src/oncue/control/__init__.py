"""Use cases: create, plan, authorize, start, execute, accept, stop. Rules come from ``core``; effects go through its ports."""
