"""What a heartbeat is about, as plain data: checks to run, messages, results, the report.

Levels are those of ``logging`` and of Django's system checks: 10 is debug, 50 critical; 0 is ok.
"""

from __future__ import annotations

import asyncio
import inspect
import time
import traceback
from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, TypeGuard

from dockerflow import health
from dockerflow.heartbeat.threads import Threads, outside_greenlets
from dockerflow.scrub import scrub

LEVELS = {"ok": 0, "debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
CRITICAL = LEVELS["critical"]


def status(level: int) -> str:
    """The name of the highest level that ``level`` reaches, ``ok`` below all of them."""
    return [name for name, lowest in LEVELS.items() if level >= lowest or not lowest][-1]


@dataclass(frozen=True)
class Message:
    level: int
    id: str
    msg: str


@dataclass(frozen=True)
class Check:
    """Something to run.

    ``function`` takes nothing and returns an iterable of messages (objects with ``level``, ``id``
    and ``msg``), or an awaitable of one. Checks with the same ``key`` are the same check, and share
    its runs, whatever callable each brings along. Checks of one ``lane`` run one after another in
    one long-lived thread and share what belongs to a thread, such as its database connections. A
    check that is not ``required`` is reported and decides nothing.
    """

    name: str
    key: Hashable
    function: Callable[[], object] = field(compare=False)
    lane: str | None = None
    required: bool = True


@dataclass(frozen=True)
class Result:
    """What one check said and how long it took (seconds).

    ``error`` is the exception that it raised; ``stack`` says where it hangs.
    """

    check: Check
    messages: tuple[Message, ...]
    duration: float
    error: BaseException | None = None
    stack: str | None = None

    @cached_property
    def level(self) -> int:
        return max([message.level for message in self.messages], default=0)

    def as_dict(self) -> dict[str, Any]:
        """For JSON; messages that share an id keep all their texts, a line each."""
        messages: dict[str, str] = {}
        for message in self.messages:
            earlier = messages.get(message.id)
            messages[message.id] = message.msg if earlier is None else f"{earlier}\n{message.msg}"
        return {
            "status": status(self.level),
            "level": self.level,
            "messages": messages,
            "duration_ms": round(self.duration * 1000, 1),
        }


@dataclass(frozen=True)
class Report:
    """The results of one heartbeat, in the order in which the checks were given.

    It has failed where a required check said something of ``fail_level`` or worse.
    """

    results: tuple[Result, ...]
    fail_level: int

    @cached_property
    def level(self) -> int:
        """The worst level among the required checks."""
        return max([r.level for r in self.results if r.check.required], default=0)

    @property
    def failed(self) -> bool:
        return self.level >= self.fail_level

    def as_dict(self, *, details: bool) -> dict[str, Any]:
        """For JSON; without ``details`` it names no check and quotes nobody."""
        body: dict[str, Any] = {"status": status(self.level)}
        if details:
            body["checks"] = {r.check.name: status(r.level) for r in self.results}
            body["details"] = {r.check.name: r.as_dict() for r in self.results}
        return body


def execute(check: Check) -> Result:
    """Run a check here and now; whatever it does ends as messages."""
    started = time.perf_counter()
    try:
        returned = check.function()
        if is_awaitable(returned):
            returned = outside_greenlets(partial(asyncio.run, _result_of(returned)))
        messages = tuple(_messages(check, returned))
    except BaseException as error:  # also SystemExit: a check is no reason for a process to go
        return raised(check, error, time.perf_counter() - started)
    return Result(check, messages, time.perf_counter() - started)


def is_awaitable(returned: object) -> TypeGuard[Awaitable[object]]:
    """:func:`inspect.isawaitable`, which takes its time to see that a list is not."""
    return type(returned) is not list and inspect.isawaitable(returned)


def raised(check: Check, error: BaseException, duration: float = 0.0) -> Result:
    """The result of a check that did not get as far as returning."""
    try:
        shown = "".join(traceback.format_exception_only(error)).strip()
    except Exception:  # of an exception whose attributes are not what they should be
        shown = type(error).__name__
    text = f"{check.name} raised {shown}"
    message = Message(CRITICAL, health.CRITICAL_CHECK_RAISED, scrub(text))
    return Result(check, (message,), duration, error)


async def _result_of(awaitable: Awaitable[object]) -> object:
    asyncio.get_running_loop().set_default_executor(Threads())
    return await awaitable


def _messages(check: Check, returned: object) -> Iterator[Message]:
    if not isinstance(returned, Iterable) or isinstance(returned, (str, bytes)):
        yield _junk(check, returned, "a list of messages")
        return
    for item in returned:
        if hasattr(item, "level") and hasattr(item, "msg"):
            yield Message(int(item.level), str(item.id or check.name), scrub(str(item.msg)))
        else:
            yield _junk(check, item, "a message")


def _junk(check: Check, returned: object, expected: str) -> Message:
    text = f"{check.name} returned {type(returned).__name__} where {expected} belongs"
    return Message(CRITICAL, health.CRITICAL_CHECK_RETURNED_JUNK, text)
