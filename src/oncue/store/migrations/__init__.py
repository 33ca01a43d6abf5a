"""Migrations of the tables, run from inside the package; imported only when a workspace needs one."""
