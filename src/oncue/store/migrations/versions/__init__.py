"""One file per revision, the oldest first."""
