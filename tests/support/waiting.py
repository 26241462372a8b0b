"""Waiting for what happens in another thread or process."""

import time
from collections.abc import Callable

PATIENCE = 20  # seconds; what no test waits for, on however busy a machine


def settle(condition: Callable[[], object]) -> None:
    """Wait until ``condition()`` holds; fail if it does not within PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
