"""The runs of checks: what they return or raise, and who waits for them."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from dockerflow import health
from dockerflow.heartbeat.places import frames_inside, place
from dockerflow.heartbeat.report import CRITICAL, INFO, Check, Message, Outcome, Report
from dockerflow.heartbeat.threads import Threads, outside_greenlets
from dockerflow.scrub import scrub

Listener = Callable[[], object]
MAX_LENGTH = 10_000  # characters of a message that a heartbeat shows
# Iterables that are no messages. A future that nobody has awaited is empty when it is done.
NO_MESSAGES = str, bytes, asyncio.Future


@dataclass(frozen=True)
class Hooks:
    """What a framework adds to the checks of its heartbeat.

    :param before: called in the thread of a check before it runs, once for checks of one lane that
        run together
    :param after: called there when they have run, with the name of the lane, or None where the
        thread ends
    :param awaited: makes another awaitable of the one that a check has returned
    :param is_silenced: whether something that a check has returned does not count
    """

    before: Callable[[], object] = lambda: None
    after: Callable[[str | None], object] = lambda lane: None
    awaited: Callable[[Check, Any], Awaitable[object]] = lambda check, awaitable: awaitable
    is_silenced: Callable[[object], bool] = lambda message: False


NO_HOOKS = Hooks()


class Run:
    """One run of one check, shared by all heartbeats that come before it ends."""

    def __init__(self, check: Check, deadline: float) -> None:
        self.check = check
        self.deadline = deadline
        self.since = datetime.now(UTC)
        self.queued_at = time.monotonic()
        self.rounds: list[Round] = []  # which wait for it
        self.worker: threading.Thread | None = None  # that has been given it
        self.thread: int | None = None  # that has started it
        self.place: str | None = None  # where it hangs
        self.is_dropped = False  # another thread does it anew
        self.outcome: Outcome | None = None

    @property
    def is_in_flight(self) -> bool:
        """Whether it is under way, or will be: not so where its thread is gone."""
        return self.outcome is None and self.worker is not None and self.worker.is_alive()

    @property
    def has_started(self) -> bool:
        """Whether a thread has started with it."""
        return self.thread is not None

    def hangs(self, now: float) -> bool:
        """Whether it is being executed past its deadline."""
        return self.outcome is None and self.has_started and self.deadline <= now

    def holds_up(self, worker: threading.Thread | None) -> bool:
        """Whether it is being executed in ``worker``, so that what that was given later waits."""
        return self.outcome is None and self.has_started and self.worker is worker

    def unfinished(self, label: str, runs: Iterable[Run], among: Iterable[Check]) -> Outcome:
        """What there is to report of a run that has not ended.

        :param label: of the check, which may have another name than the one that was run
        :param runs: all that are in flight; one of them may hold this one up
        :param among: the checks of the report; what waits for one of them is no failure of its own
        """
        elapsed = time.monotonic() - self.queued_at
        holder = next((run for run in runs if run.holds_up(self.worker)), self)
        level, message_id = CRITICAL, health.CRITICAL_CHECK_TIMED_OUT
        if holder is self:
            doing = "running" if self.thread else "waiting for its turn"
            text = f"has been {doing} for {elapsed:.1f} s, since {self.since:%FT%TZ}"
        else:
            text = (
                f"has been waiting for {elapsed:.1f} s for {holder.check.label},"
                f" which has been running since {holder.since:%FT%TZ}"
            )
            if any(holder.check.key == other.key for other in among):
                level, message_id = INFO, health.INFO_CHECK_WAITING
        hint = self._hint() if holder is self else None
        message = Message(level, message_id, f"{label} {text}", hint)
        return Outcome((message,), elapsed, finished=False)

    def _hint(self) -> str | None:
        """Where it waits, with what to do. It is looked up once: it takes all threads' frames."""
        if self.place is None and self.has_started:
            self.place = place(frames_inside(self.thread, execute.__code__)) or ""
        advice = health.ADVICE[health.CRITICAL_CHECK_TIMED_OUT]
        return f"It waits in {self.place}. {advice}" if self.place else None


class Round:
    """What the heartbeats that come at one time share: the runs of the same checks."""

    def __init__(
        self, checks: tuple[Check, ...], fail_level: int, runs: list[Run], deadline: float
    ) -> None:
        self.checks = checks
        self.fail_level = fail_level
        self.runs = runs
        self.deadline = deadline
        self.pending: set[Run] = set()
        self.listeners: list[Listener] = []
        self.report: Report | None = None
        self.unfinished: list[Run] = []  # when the report was made
        self.finished = 0.0
        self.is_answered = False

    def remaining(self, timeout: float) -> float:
        """Seconds to wait for it, at most ``timeout``, whatever a test does to the clock."""
        remaining = max(0.0, self.deadline - time.monotonic())
        return min(remaining, timeout, threading.TIMEOUT_MAX)

    def is_shared(self, checks: tuple[Check, ...], fail_level: int, now: float, ttl: float) -> bool:
        """Whether a heartbeat of these checks that comes now gets the report of this round."""
        if self.checks != checks or self.fail_level != fail_level:
            return False
        # A test may have set the clock back.
        return self.report is None or 0 <= now - self.finished < ttl


def execute(
    check: Check, hooks: Hooks = NO_HOOKS, *, is_first: bool = False, is_last: bool = False
) -> Outcome:
    """Run a check here and now; whatever happens ends as messages.

    :param is_first: whether it is the first of the checks that run together
    :param is_last: whether it is the last of them
    """
    started = time.perf_counter()
    try:
        try:
            if is_first:
                hooks.before()
            returned = check.function()
            if inspect.isawaitable(returned):
                awaited = hooks.awaited(check, returned)
                returned = outside_greenlets(partial(asyncio.run, _result_of(awaited)))
            messages = tuple(_messages(check, returned, hooks.is_silenced))
        finally:
            if is_last:
                hooks.after(check.lane)
    except BaseException as error:  # also SystemExit: a check is no reason for a process to go
        return raised(check, error, time.perf_counter() - started)
    return Outcome(messages, time.perf_counter() - started)


def raised(check: Check, error: BaseException, duration: float = 0.0) -> Outcome:
    """The outcome of a check that did not get as far as returning."""
    logged: BaseException | None = error
    try:
        shown = _described(error)
        traceback.format_exception(error)  # as who logs it will
    except BaseException:  # of an exception that runs code of its own when it is shown
        shown, logged = "an exception that cannot be shown", None
        with suppress(BaseException):
            shown = type(error).__name__
    message = Message(
        CRITICAL, health.CRITICAL_CHECK_RAISED, _shown(f"{check.label} raised {shown}")
    )
    return Outcome((message,), duration, logged)


def _described(error: BaseException) -> str:
    """The last line of a traceback; of a group of exceptions also those that are in it."""
    lines = ["".join(traceback.format_exception_only(error)).strip()]
    if isinstance(error, BaseExceptionGroup):
        lines += map(_described, error.exceptions)
    return "\n".join(lines)


async def _result_of(awaitable: Awaitable[object]) -> object:
    asyncio.get_running_loop().set_default_executor(Threads())
    return await awaitable


def _shown(text: object) -> str:
    """The text of a message: without credentials, and cut where it is too long for an answer."""
    full = str(text).strip()  # of drivers' line ends
    if len(full) <= MAX_LENGTH:
        return scrub(full)
    # Masked before it is cut, with as much again, so that the end of credentials is seen too.
    return f"{scrub(full[: 2 * MAX_LENGTH])[:MAX_LENGTH]} … ({len(full)} characters)"


def _messages(
    check: Check, returned: object, is_silenced: Callable[[object], bool]
) -> Iterator[Message]:
    if not isinstance(returned, Iterable) or isinstance(returned, NO_MESSAGES):
        yield junk(check, returned, "a list of messages")
        return
    for item in returned:
        if is_silenced(item):
            continue
        if hasattr(item, "level") and hasattr(item, "msg"):
            hint = getattr(item, "hint", None)
            yield Message(
                int(item.level),
                _shown(item.id or check.name),
                _shown(item.msg),
                None if hint is None else _shown(hint),
            )
        else:
            yield junk(check, item, "a message")


def junk(check: Check, returned: object, expected: str) -> Message:
    """The message about something that a check has returned in place of what is ``expected``."""
    text = f"{check.label} returned {type(returned).__name__}, expected {expected}"
    return Message(CRITICAL, health.CRITICAL_CHECK_RETURNED_JUNK, text)
