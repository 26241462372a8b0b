"""Which checks are failing and since when, and what is logged of it: the changes, each once."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Hashable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from dockerflow.error_records import arguments
from dockerflow.heartbeat.places import frames_inside, stack
from dockerflow.heartbeat.report import Check, Message, Outcome, Report, Result, status, worst
from dockerflow.heartbeat.runs import execute
from dockerflow.loggers import enabled, write

logger = logging.getLogger("dockerflow.checks.registry")
HEARTBEAT = object()  # the heartbeat itself among the keys of its checks


class State(NamedTuple):
    """Whether something is failing, and since when, by two clocks."""

    failing: bool
    since: datetime
    changed_at: float


class Record(NamedTuple):
    """A result to be logged; ``thread`` is the one that hangs, ``seconds`` how long it failed."""

    level: int
    result: Result
    failing: bool
    thread: int | None
    seconds: float


class Changes:
    """The states of a process. Its caller holds a lock, except for :meth:`log`."""

    def __init__(self) -> None:
        self._states: dict[Hashable, State] = {}
        self._records: deque[Record] = deque()

    def report(
        self,
        checks: Sequence[Check],
        outcomes: Sequence[Outcome],
        fail_level: int,
        threads: Sequence[int | None],
    ) -> Report:
        """A report, whose results know since when; what there is to log of them is kept.

        :param outcomes: of each check
        :param threads: the number of the thread in which each is still running
        """
        results, failed = [], False
        enabled(logger)
        for check, outcome, thread in zip(checks, outcomes, threads, strict=True):
            key, required = check.key, check.required
            failing = worst(outcome.messages) >= fail_level
            failed = failed or (failing and required)
            before = self._states.get(key)
            is_known = outcome.finished or failing  # else it may still turn out either way
            state = self._note(key, failing) if is_known else before
            result = Result(check, *outcome, state and state.since)
            results.append(result)
            level, seconds = logging.DEBUG, 0.0
            if state is not before and failing:
                level = logging.ERROR if required else logging.WARNING
            elif state is not before and before is not None and state is not None:
                level, seconds = logging.INFO, state.changed_at - before.changed_at
            if logger.isEnabledFor(level):
                self._records.append(Record(level, result, failing, thread, seconds))
        whole = self._note(HEARTBEAT, failed)
        if len(self._states) > len(checks) + 1:  # subjects may come and go
            current = {HEARTBEAT, *(check.key for check in checks)}
            self._states = {key: self._states[key] for key in current & self._states.keys()}
        return Report(tuple(results), fail_level, whole.since)

    def _note(self, key: Hashable, failing: bool) -> State:
        state = self._states.get(key)
        if state is None or state.failing != failing:
            state = State(failing, datetime.now(UTC), time.monotonic())
            self._states[key] = state
        return state

    def log(self) -> None:
        """Write what there is to log, in the order in which it came."""
        while True:
            try:
                record = self._records.popleft()
            except IndexError:
                return
            _log(record)


def _log(record: Record) -> None:
    level, result, failing, thread, seconds = record
    check = result.check
    if level == logging.INFO:
        outcome = f"passes again after {seconds:.{0 if seconds >= 10 else 1}f} s"
    elif not result.finished:
        outcome = f"has not finished ({status(result.level)}) after {result.duration_ms} ms"
    else:
        outcome = f"{'failed' if failing else 'passed'} ({status(result.level)})"
        outcome += f" in {result.duration_ms} ms"
    extra = {
        "check": check.name,
        "subject": check.subject,
        "optional": not check.required or None,
        "status": status(result.level),
        "message_ids": list(dict.fromkeys(message.id for message in result.messages)),
        "duration_ms": result.duration_ms,
        "stack": stack(frames_inside(thread, execute.__code__)) if level > logging.INFO else None,
    }
    write(
        logger,
        level,
        "%s %s%s",
        check.label,
        outcome,
        "".join(_lines(message, failing) for message in result.messages),
        **arguments(
            result.error if level > logging.INFO else None,
            **{name: value for name, value in extra.items() if value is not None},
        ),
    )


def _lines(message: Message, failing: bool) -> str:
    """A message below the first line of its record, and what to do about a failure."""
    remedy = f"\n    {message.remedy}" if failing and message.remedy else ""
    return f"\n{message.id}: {message.msg}{remedy}"
