"""The heartbeat engine: runs checks inside a deadline and gives back a frozen report.

What it promises:

- an answer arrives within the timeout, whatever a check does;
- of each check at most one run is in flight in a process; who asks meanwhile shares it, and a run
  past its deadline is reported at once, never waited for and never doubled;
- checks run side by side, in daemon threads, for which no process waits when it exits;
- what a check says is logged when its outcome changes, and not in between.

It takes plain functions and returns plain data; a framework's package translates.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import Future, wait
from datetime import datetime, timezone
from typing import NamedTuple

from dockerflow import health
from dockerflow.report import CRITICAL, Check, Message, Report, Result, execute, raised, status
from dockerflow.threads import Lane, start

logger = logging.getLogger("dockerflow.checks.registry")


class Answer(NamedTuple):
    """A report; ``first`` for exactly one of those who get it, who passes it on (signals)."""

    report: Report
    first: bool


class Heartbeat:
    """The state of a process: what is in flight, what was found last, what is failing."""

    def __init__(self) -> None:
        self._reset()
        # A forked child has none of its parent's threads, and may inherit a lock that is held.
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._lanes: dict[str, Lane] = {}
        self._runs: dict[Check, _Run] = {}
        self._round: _Round | None = None
        self._failing: set[str] = set()

    def run(
        self, checks: Sequence[Check], *, timeout: float, ttl: float, fail_level: int
    ) -> Answer:
        """Run the checks, or share the run that is under way or not older than ``ttl``.

        :param timeout: seconds after which the answer is given with what is there by then
        :param ttl: seconds during which a finished report is served again; 0 for never
        :param fail_level: the level from which a check is failing, and a required one fails all
        """
        current = self._begin(tuple(checks), timeout, ttl)
        wait(current.pending, timeout=current.remaining())
        return self._finish(current, fail_level)

    async def arun(
        self, checks: Sequence[Check], *, timeout: float, ttl: float, fail_level: int
    ) -> Answer:
        """:meth:`run` for an event loop, which goes on meanwhile."""
        current = self._begin(tuple(checks), timeout, ttl)
        if pending := [asyncio.wrap_future(future) for future in current.pending]:
            await asyncio.wait(pending, timeout=current.remaining())
        return self._finish(current, fail_level)

    def run_inline(self, checks: Sequence[Check], *, fail_level: int) -> Answer:
        """Run the checks one after another in the caller's thread, without a deadline."""
        report = Report(tuple(execute(check) for check in checks), fail_level)
        self._log(report)
        return Answer(report, first=True)

    def _begin(self, checks: tuple[Check, ...], timeout: float, ttl: float) -> _Round:
        with self._lock:
            now = time.monotonic()
            current = self._round
            if current is None or current.checks != checks or current.is_over(now, ttl):
                self._runs = {c: r for c, r in self._runs.items() if not r.future.done()}
                runs = [self._runs.get(c) or self._start(c, now + timeout) for c in checks]
                current = self._round = _Round(checks, runs, now, now + timeout)
            return current

    def _start(self, check: Check, deadline: float) -> _Run:
        run = self._runs[check] = _Run(check, deadline)
        try:
            if check.lane is None:
                start(check.name, run)
            else:
                self._lane(check.lane).put(run)
        except RuntimeError as error:  # the system has no thread to give
            run.future.set_result(raised(check, error))
        return run

    def _lane(self, name: str) -> Lane:
        if name not in self._lanes:
            self._lanes[name] = Lane(name)
        return self._lanes[name]

    def _finish(self, current: _Round, fail_level: int) -> Answer:
        with self._lock:
            if current.report is not None:
                return Answer(current.report, first=False)
            current.finished = time.monotonic()
            results = tuple(run.result() for run in current.runs)
            report = current.report = Report(results, fail_level)
        self._log(report)
        return Answer(report, first=True)

    def _log(self, report: Report) -> None:
        for result in report.results:
            name, failing = result.check.name, result.level >= report.fail_level
            level = logging.DEBUG
            with self._lock:
                if failing and name not in self._failing:
                    self._failing.add(name)
                    level = logging.ERROR
                elif not failing and name in self._failing:
                    self._failing.remove(name)
                    level = logging.INFO
            if logger.isEnabledFor(level):
                _log_result(level, result)


def _log_result(level: int, result: Result) -> None:
    texts = [f"{message.id}: {message.msg}" for message in result.messages]
    duration_ms = round(result.duration * 1000, 1)
    logger.log(
        level,
        "%s is %s after %s ms%s",
        result.check.name,
        status(result.level),
        duration_ms,
        "".join(f"\n{text}" for text in texts),
        exc_info=result.error if level >= logging.ERROR else None,
        extra={
            "check": result.check.name,
            "status": status(result.level),
            "messages": texts,
            "duration_ms": duration_ms,
            **({"stack": result.stack} if result.stack else {}),
        },
    )


class _Round:
    """What the heartbeats that come at one time share."""

    def __init__(
        self, checks: tuple[Check, ...], runs: list[_Run], now: float, deadline: float
    ) -> None:
        self.checks = checks
        self.runs = runs
        self.deadline = deadline
        self.pending = [run.future for run in runs if run.deadline > now]
        self.report: Report | None = None
        self.finished = 0.0

    def remaining(self) -> float:
        return max(0.0, self.deadline - time.monotonic())

    def is_over(self, now: float, ttl: float) -> bool:
        if self.report is None:  # and maybe never gets one: those who wait can give up
            return now >= self.deadline or all(future.done() for future in self.pending)
        return now - self.finished >= ttl


class _Run:
    """One run of one check."""

    def __init__(self, check: Check, deadline: float) -> None:
        self.check = check
        self.deadline = deadline
        self.future: Future[Result] = Future()
        # From here on nobody can cancel it, an event loop's wrapper neither.
        self.future.set_running_or_notify_cancel()
        self.since = datetime.now(timezone.utc)
        self.begun = time.monotonic()
        self.thread: int | None = None

    def __call__(self) -> None:
        self.thread = threading.get_ident()
        self.future.set_result(execute(self.check))

    def result(self) -> Result:
        if self.future.done():
            return self.future.result()
        elapsed = time.monotonic() - self.begun
        doing = "has been waiting for its turn" if self.thread is None else "has been running"
        text = f"{self.check.name} {doing} for {elapsed:.1f} s, since {self.since:%FT%TZ}"
        message = Message(CRITICAL, health.CRITICAL_CHECK_TIMED_OUT, text)
        frame = sys._current_frames().get(self.thread or 0)
        stack = "".join(traceback.format_stack(frame)) if frame else None
        return Result(self.check, (message,), elapsed, stack=stack)
