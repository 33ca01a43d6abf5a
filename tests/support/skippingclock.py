"""The real time, and what a test skipped of it."""

from datetime import datetime, timedelta

from oncue.clock import SystemClock


class SkippingClock(SystemClock):
    """A clock on which hours are over when a test says so; between, it goes as all clocks do."""

    def __init__(self) -> None:
        self._skipped = timedelta()

    def now(self) -> datetime:
        """The present instant, and what was skipped so far."""
        return super().now() + self._skipped

    def skip(self, seconds: float) -> None:
        """Let so much time be over."""
        self._skipped += timedelta(seconds=seconds)
