"""The heartbeat engine: runs checks within a deadline and returns a frozen report.

What it promises:

- an answer arrives within the timeout, whatever a check does;
- of each check at most one run is in flight in a process; heartbeats that come meanwhile share it,
  and a run past its deadline is reported at once, never waited for and never doubled;
- checks run side by side, in daemon threads, for which no process waits when it exits;
- what a check says is logged when its outcome changes, and not in between.

It takes plain functions and returns plain data; a framework's package translates.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Hashable, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from dockerflow.heartbeat.changes import Changes
from dockerflow.heartbeat.report import Check, Report
from dockerflow.heartbeat.runs import NO_HOOKS, Hooks, Listener, Round, Run, execute, raised
from dockerflow.heartbeat.threads import Lane, start


class Answer(NamedTuple):
    """A report; ``new`` for exactly one of the heartbeats that share it, which sends signals."""

    report: Report
    new: bool


def _turn(run: Run) -> tuple[bool, bool]:
    """Sort key of the runs of a lane: ``first`` checks, then required ones, then optional ones."""
    return not run.check.first, not run.check.required


class Heartbeat:
    """The state of a process: what is in flight, what was found last, what is failing."""

    def __init__(self, hooks: Hooks = NO_HOOKS) -> None:
        self._hooks = hooks
        self._reset()
        # A forked child has none of its parent's threads, and may inherit a lock that is held.
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._lanes: dict[str, Lane] = {}
        self._runs: dict[Hashable, Run] = {}
        self._round: Round | None = None
        self._changes = Changes()

    def run(
        self, checks: Sequence[Check], *, timeout: float, ttl: float, fail_level: int
    ) -> Answer:
        """Run the checks, or share the run that is under way or not older than ``ttl``.

        :param timeout: seconds after which the answer is given with what is there by then
        :param ttl: seconds during which a finished report is served again; 0 for never
        :param fail_level: the level from which a check is failing, and a required one fails all
        """
        over = threading.Lock()  # locked until the report is there
        over.acquire()
        current = self._begin(tuple(checks), fail_level, timeout, ttl, over.release)
        over.acquire(timeout=current.remaining(timeout))
        return self._answer(current)

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
        return self._answer(current)

    def run_inline(self, checks: Sequence[Check], *, fail_level: int) -> Answer:
        """Run the checks one after another in the caller's thread, without a deadline.

        :raises KeyboardInterrupt: in the main thread, which gets Ctrl-C
        """
        outcomes = []
        for check in checks:
            outcomes.append(outcome := execute(check, self._hooks))
            is_main = threading.current_thread() is threading.main_thread()
            if isinstance(outcome.error, KeyboardInterrupt) and is_main:
                raise outcome.error
        with self._lock:
            report = self._changes.report(checks, outcomes, fail_level, [None] * len(checks))
        self._changes.log()
        return Answer(report, new=True)

    def stop_lanes(self, timeout: float) -> None:
        """End the threads of all lanes; wait up to so many seconds for those that are at work."""
        with self._lock:
            lanes, self._lanes = self._lanes, {}
            for lane in lanes.values():
                self._retire(lane)
        end = time.monotonic() + timeout
        for lane in lanes.values():
            if lane.thread is not threading.current_thread():
                lane.thread.join(max(0.0, end - time.monotonic()))

    def _begin(
        self,
        checks: tuple[Check, ...],
        fail_level: int,
        timeout: float,
        ttl: float,
        listener: Listener,
    ) -> Round:
        """Join the round that is under way, or start one; call the listener when it ends."""
        with self._lock:
            current = self._round
            if current is not None and current.report is None and not current.remaining(timeout):
                self._finish(current)  # everybody who waited for it has given up
            now = time.monotonic()
            if current is None or not current.is_shared(checks, fail_level, now, ttl):
                current = self._start(checks, fail_level, now, timeout)
                self._round = current
            elif current.unfinished:
                self._renew(current)
            if current.report is None:
                current.listeners.append(listener)
            else:
                listener()
            return current

    def _renew(self, current: Round) -> None:
        """Make a new report, within the time to live of one that has unfinished runs in it."""
        unfinished, finished = current.unfinished, current.finished
        self._finish(current)
        current.finished = finished
        if current.unfinished != unfinished:
            current.is_answered = False

    def _start(
        self, checks: tuple[Check, ...], fail_level: int, now: float, timeout: float
    ) -> Round:
        """Start the checks that are not in flight."""
        self._runs = {key: run for key, run in self._runs.items() if run.is_in_flight}
        if self._runs:
            self._leave_stuck_lanes(now)
        fresh = {c.key: Run(c, now + timeout) for c in checks if c.key not in self._runs}
        runs = self._runs | fresh
        groups: dict[object, list[Run]] = {}
        for run in sorted(fresh.values(), key=_turn):
            groups.setdefault(run.check.lane or run, []).append(run)
        for group in groups.values():
            self._hand_over(group)
        current = Round(checks, fail_level, [runs[check.key] for check in checks], now + timeout)
        current.pending = {r for r in current.runs if r.outcome is None and r.deadline > now}
        for run in current.pending:
            run.rounds.append(current)
        if not current.pending:
            self._finish(current)
        return current

    def _hand_over(self, group: list[Run]) -> None:
        """Start a thread for the runs, or queue them in their lane."""
        check = group[0].check
        try:
            if check.lane is None:
                worker = start(check.name, partial(self._work, group))
            else:
                lane = self._lane(check.lane)
                worker = lane.thread
                lane.put(partial(self._work, group))
        except RuntimeError as error:  # the system has no thread to give
            for run in group:
                run.outcome = raised(run.check, error)
            return
        for run in group:
            run.worker = worker
            self._runs[run.check.key] = run

    def _leave_stuck_lanes(self, now: float) -> None:
        """Where an optional check hangs, leave its lane to it, and drop the runs behind it.

        They then run anew, in another thread.
        """
        for name, lane in list(self._lanes.items()):
            runs = [run for run in self._runs.values() if run.worker is lane.thread]
            if any(run.hangs(now) and not run.check.required for run in runs):
                self._retire(self._lanes.pop(name))
                for run in runs:
                    if not run.has_started:
                        run.is_dropped = True
                        del self._runs[run.check.key]

    def _lane(self, name: str) -> Lane:
        """The lane, or a new one if its thread is gone."""
        lane = self._lanes.get(name)
        if lane is None or not lane.thread.is_alive():
            lane = self._lanes[name] = Lane(name)
        return lane

    def _retire(self, lane: Lane) -> None:
        def last() -> None:
            with suppress(Exception):
                self._hooks.after(None)

        lane.put(last)
        lane.shutdown(wait=False)

    def _work(self, group: list[Run]) -> None:
        """Do the runs, one after another, in this thread."""
        for run in group:
            with self._lock:
                if run.is_dropped:
                    continue
                run.thread = threading.get_ident()
            is_first, is_last = run is group[0], run is group[-1]
            outcome = execute(run.check, self._hooks, is_first=is_first, is_last=is_last)
            listeners: list[Listener] = []
            with self._lock:
                run.outcome = outcome
                for current in run.rounds:
                    current.pending.discard(run)
                    if not current.pending and current.report is None:
                        self._finish(current)
                        listeners += current.listeners
            # Without the lock, which is what those who wait ask for next.
            for listener in listeners:
                listener()

    def _finish(self, current: Round) -> Report:
        """Make the report: all runs have ended, or the time is up."""
        checks, runs = current.checks, current.runs
        outcomes = [
            run.outcome or run.unfinished(check.label, self._runs.values(), checks)
            for run, check in zip(runs, checks, strict=True)
        ]
        current.unfinished = [run for run in runs if run.outcome is None]
        threads = [None if run.outcome else run.thread for run in runs]
        current.report = self._changes.report(checks, outcomes, current.fail_level, threads)
        current.finished = time.monotonic()
        return current.report

    def _answer(self, current: Round) -> Answer:
        with self._lock:
            report = current.report or self._finish(current)
            new, current.is_answered = not current.is_answered, True
        self._changes.log()
        return Answer(report, new)
