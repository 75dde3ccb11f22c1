"""How long work will still take, from how it went of late."""

from collections import deque

from her2desk.texts import Message, msg

FIRST_SECONDS = 2.0
LEAST_WINDOW_SECONDS = 30.0
WINDOW_SHARE = 0.5  # of the time since the start: what a resumed run skips soon stops counting
SMOOTHING = 0.3
MINUTE, HOUR = 60, 3600


class Eta:
    """Seconds left, by the rate of the latest half of the run, smoothed from step to step."""

    def __init__(self) -> None:
        self._steps: deque[tuple[float, float]] = deque()
        self._said: tuple[float, float] | None = None

    def after(self, elapsed_s: float, fraction: float) -> float | None:
        """Seconds left at a step to ``fraction`` (0–1); None while there is nothing to go by."""
        if fraction >= 1:
            return 0.0
        self._remember(elapsed_s, fraction)
        since, done = self._steps[0]
        if elapsed_s < FIRST_SECONDS or fraction <= done or elapsed_s <= since:
            return self._counted_down(elapsed_s)
        left = (1 - fraction) * (elapsed_s - since) / (fraction - done)
        expected = self._counted_down(elapsed_s)
        if expected is not None:
            left = expected + SMOOTHING * (left - expected)
        self._said = (elapsed_s, left)
        return left

    def _remember(self, elapsed_s: float, fraction: float) -> None:
        window = max(LEAST_WINDOW_SECONDS, WINDOW_SHARE * elapsed_s)
        self._steps.append((elapsed_s, fraction))
        while len(self._steps) > 2 and self._steps[1][0] <= elapsed_s - window:
            self._steps.popleft()

    def _counted_down(self, elapsed_s: float) -> float | None:
        if self._said is None:
            return None
        said_at, left = self._said
        return max(0.0, left - (elapsed_s - said_at))


def time_left(seconds: float) -> Message:
    """The time left as people say it."""
    if seconds < MINUTE:
        return msg("less than a minute left")
    if seconds < HOUR:
        return msg("about {minutes} min left", minutes=round(seconds / MINUTE))
    minutes = round(seconds / MINUTE)
    return msg("about {hours} h {minutes} min left", hours=minutes // 60, minutes=minutes % 60)
