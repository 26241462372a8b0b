"""How late a thread of this run wakes up: what a busy machine costs, whoever is measured."""

import threading
import time
from collections import deque

EVERY = 0.02  # seconds
WORTH_KEEPING = 0.01  # seconds


class Lateness(threading.Thread):
    """Sleeps, again and again, and notes how much longer that took."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._ended = threading.Event()
        self._late: deque[tuple[float, float]] = deque(maxlen=100_000)

    def run(self) -> None:
        while True:
            before = time.monotonic()
            if self._ended.wait(EVERY):
                return
            now = time.monotonic()
            if (late := now - before - EVERY) > WORTH_KEEPING:
                self._late.append((now, late))

    def between(self, start: float, end: float) -> float:
        """Return the longest in this time, in seconds."""
        return max((late for when, late in list(self._late) if start <= when <= end), default=0.0)

    def stop(self) -> None:
        self._ended.set()
        self.join()
