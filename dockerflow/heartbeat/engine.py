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
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from dockerflow.heartbeat.report import Check, Report, Result, execute, raised, status
from dockerflow.heartbeat.rounds import Listener, Round, Run
from dockerflow.heartbeat.threads import Lane, start

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
        self._runs: dict[Hashable, Run] = {}
        self._round: Round | None = None
        self._failing: set[Hashable] = set()

    def run(
        self, checks: Sequence[Check], *, timeout: float, ttl: float, fail_level: int
    ) -> Answer:
        """Run the checks, or share the run that is under way or not older than ``ttl``.

        :param timeout: seconds after which the answer is given with what is there by then
        :param ttl: seconds during which a finished report is served again; 0 for never
        :param fail_level: the level from which a check is failing, and a required one fails all
        """
        gate = threading.Lock()
        gate.acquire()
        current = self._begin(tuple(checks), fail_level, timeout, ttl, gate.release)
        gate.acquire(timeout=current.remaining(timeout))
        return self._finish(current)

    async def arun(
        self, checks: Sequence[Check], *, timeout: float, ttl: float, fail_level: int
    ) -> Answer:
        """:meth:`run` for an event loop, which goes on meanwhile."""
        loop, over = asyncio.get_running_loop(), asyncio.Event()

        def listener() -> None:
            with suppress(RuntimeError):  # a loop that is closed by now
                loop.call_soon_threadsafe(over.set)

        current = self._begin(tuple(checks), fail_level, timeout, ttl, listener)
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(over.wait(), current.remaining(timeout))
        return self._finish(current)

    def run_inline(self, checks: Sequence[Check], *, fail_level: int) -> Answer:
        """Run the checks one after another in the caller's thread, without a deadline."""
        report = Report(tuple(execute(check) for check in checks), fail_level)
        self._log(report)
        return Answer(report, first=True)

    def _begin(
        self,
        checks: tuple[Check, ...],
        fail_level: int,
        timeout: float,
        ttl: float,
        listener: Listener,
    ) -> Round:
        """Join the round that is under way, or start one; its end is told to the listener."""
        with self._lock:
            now = time.monotonic()
            current = self._round
            if current is None or not current.answers(checks, fail_level, now, ttl):
                self._runs = {k: r for k, r in self._runs.items() if r.outcome is None}
                fresh = {c.key: Run(c, now + timeout) for c in checks if c.key not in self._runs}
                runs = [fresh.get(check.key) or self._runs[check.key] for check in checks]
                current = Round(checks, fail_level, runs, now, now + timeout)
                self._start(fresh)
                self._round = current
            if current.pending and current.report is None:
                current.listeners.append(listener)
            else:
                listener()
            return current

    def _start(self, runs: dict[Hashable, Run]) -> None:
        """Give each run a thread of its own, and those of one lane together to the lane's."""
        together: dict[object, list[Run]] = {}
        for run in runs.values():
            lane = run.check.lane
            together.setdefault(run if lane is None else lane, []).append(run)
        self._runs |= runs
        try:
            for group in together.values():
                try:
                    self._hand_over(group[0].check, partial(self._work, group))
                except RuntimeError as error:  # the system has no thread to give
                    for run in group:
                        run.end(raised(run.check, error))
        except BaseException as error:  # of a signal handler, say; nobody else would start the rest
            for run in runs.values():
                if run.thread is None:
                    run.end(raised(run.check, error))
            raise

    def _hand_over(self, check: Check, work: Callable[[], None]) -> None:
        if check.lane is None:
            start(check.name, work)
            return
        if check.lane not in self._lanes:
            self._lanes[check.lane] = Lane(check.lane)
        self._lanes[check.lane].put(work)

    def _work(self, runs: list[Run]) -> None:
        for run in runs:
            with self._lock:
                if run.outcome is not None:
                    continue
                run.thread = threading.get_ident()
            result = execute(run.check)
            with self._lock:
                ended = run.end(result)
            # Without the lock, which is what those who are told of it ask for next.
            for current in ended:
                for listener in current.listeners:
                    listener()

    def _finish(self, current: Round) -> Answer:
        with self._lock:
            if current.report is not None:
                return Answer(current.report, first=False)
            current.finished = time.monotonic()
            results = [r.result(c) for r, c in zip(current.runs, current.checks, strict=True)]
            report = current.report = Report(tuple(results), current.fail_level)
        self._log(report)
        return Answer(report, first=True)

    def _log(self, report: Report) -> None:
        for result in report.results:
            key, failing = result.check.key, result.level >= report.fail_level
            level = logging.DEBUG
            with self._lock:
                if failing and key not in self._failing:
                    self._failing.add(key)
                    level = logging.ERROR
                elif not failing and key in self._failing:
                    self._failing.remove(key)
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
