"""Signals that end verify, put off while something is started or ended."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


class Interrupted(BaseException):
    """SIGINT, SIGTERM or SIGHUP arrived; everything that was started has been ended."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Interrupts:
    """Raises :class:`Interrupted` for the signals that end verify.

    A context manager for the main thread; outside of it no signal is handled.
    """

    def __init__(self) -> None:
        self.holding = False
        self.pending: int | None = None
        self.previous: dict[int, signal._HANDLER] = {}

    def __enter__(self) -> Interrupts:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # ignored on purpose: by nohup, or for a job in the background
            if signal.getsignal(number) != signal.SIG_IGN:
                self.previous[number] = signal.signal(number, self._arrived)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self.previous.items():
            signal.signal(number, handler)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Raise what arrives meanwhile only at the end of the ``with`` block."""
        self.holding = True
        try:
            yield
        finally:
            self.holding = False
        if self.pending is not None:
            number, self.pending = self.pending, None
            raise Interrupted(number)

    def _arrived(self, number: int, _frame: FrameType | None) -> None:
        if self.holding:
            self.pending = number
        else:
            raise Interrupted(number)
