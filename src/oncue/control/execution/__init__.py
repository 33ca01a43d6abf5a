"""Executes runs: which attempts begin, what each came to, and the transactions that record both. ``executor`` comes first."""
