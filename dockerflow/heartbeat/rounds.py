"""What the heartbeats that come at one time share: a round, and the runs of the checks in it."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from dockerflow import health
from dockerflow.heartbeat.report import CRITICAL, Check, Message, Report, Result

Listener = Callable[[], object]


class Round:
    """What the heartbeats that come at one time share."""

    def __init__(
        self,
        checks: tuple[Check, ...],
        fail_level: int,
        runs: list[Run],
        now: float,
        deadline: float,
    ) -> None:
        self.checks = checks
        self.fail_level = fail_level
        self.runs = runs
        self.deadline = deadline
        self.listeners: list[Listener] = []
        self.pending = {run for run in runs if run.outcome is None and run.deadline > now}
        self.report: Report | None = None
        self.finished = 0.0
        for run in self.pending:
            run.rounds.append(self)

    def remaining(self, timeout: float) -> float:
        """Seconds to wait for it, at most ``timeout``, whatever a test does to the clock."""
        remaining = max(0.0, self.deadline - time.monotonic())
        return min(remaining, timeout, threading.TIMEOUT_MAX)

    def answers(self, checks: tuple[Check, ...], fail_level: int, now: float, ttl: float) -> bool:
        """Whether who asks this now may share it."""
        if self.checks != checks or self.fail_level != fail_level:
            return False
        if self.report is None:  # and maybe never gets one: those who wait can give up
            return bool(self.pending) and now < self.deadline
        return 0 <= now - self.finished < ttl


class Run:
    """One run of one check."""

    def __init__(self, check: Check, deadline: float) -> None:
        self.check = check
        self.deadline = deadline
        self.rounds: list[Round] = []
        self.outcome: Result | None = None
        self.since = datetime.now(UTC)
        self.begun = time.monotonic()
        self.thread: int | None = None

    def end(self, outcome: Result) -> list[Round]:
        """Take the outcome; return the rounds that waited for nothing else."""
        self.outcome = outcome
        for current in self.rounds:
            current.pending.discard(self)
        return [current for current in self.rounds if not current.pending]

    def result(self, check: Check) -> Result:
        """What it comes to for ``check``, which may have another name than the one that ran."""
        if self.outcome is not None:
            return self.outcome if self.check is check else replace(self.outcome, check=check)
        elapsed = time.monotonic() - self.begun
        doing = "has been waiting for its turn" if self.thread is None else "has been running"
        text = f"{check.name} {doing} for {elapsed:.1f} s, since {self.since:%FT%TZ}"
        message = Message(CRITICAL, health.CRITICAL_CHECK_TIMED_OUT, text)
        frame = sys._current_frames().get(self.thread or 0)
        stack = "".join(traceback.format_stack(frame)) if frame else None
        return Result(check, (message,), elapsed, stack=stack)
