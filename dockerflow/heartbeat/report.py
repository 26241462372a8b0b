"""What a heartbeat is about, as plain data: checks to run, messages, results, the report.

Levels are those of ``logging`` and of Django's system checks: 10 is debug, 50 critical; 0 is ok.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from dockerflow import health

LEVELS = {"ok": 0, "debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
INFO, CRITICAL = LEVELS["info"], LEVELS["critical"]


def status(level: int) -> str:
    """The name of the highest level that ``level`` reaches, ``ok`` below all of them."""
    return [name for name, lowest in LEVELS.items() if level >= lowest or not lowest][-1]


@dataclass(frozen=True)
class Message:
    """One message of a check; ``hint`` says what to do about it."""

    level: int
    id: str
    msg: str
    hint: str | None = None

    @property
    def remedy(self) -> str | None:
        """The hint; for a message of this package without one, what to do about its id."""
        return self.hint or health.ADVICE.get(self.id)

    @property
    def advice(self) -> str | None:
        """What to do about it, and what the log has of it."""
        sentences = [self.remedy, health.IN_THE_LOG.get(self.id)]
        return " ".join(filter(None, sentences)) or None


def worst(messages: Iterable[Message]) -> int:
    """The highest level of the messages; 0 for none."""
    return max([message.level for message in messages], default=0)


@dataclass(frozen=True)
class Check:
    """What is run: one check for one subject.

    ``function`` takes nothing and returns an iterable of messages (objects with ``level``, ``id``
    and ``msg``, and maybe ``hint``), or an awaitable of one. Checks with the same ``key`` are the
    same check, and share its runs, whatever callable each brings along. Checks of one ``lane`` run
    one after another in one long-lived thread, and share what belongs to a thread, such as its
    database connections: those that are ``first`` before the others, then the required ones. A
    check that is not ``required`` is reported and never fails the heartbeat.
    """

    name: str
    key: Hashable
    function: Callable[[], object] = field(compare=False)
    subject: str | None = None
    lane: str | None = None
    first: bool = False
    required: bool = True

    @cached_property
    def label(self) -> str:
        """Name and subject, as an entry of a list of checks has them: ``check_x[replica]``."""
        return self.name if self.subject is None else f"{self.name}[{self.subject}]"


class Outcome(NamedTuple):
    """What is known of one run of a check; :class:`Result` describes the fields."""

    messages: tuple[Message, ...]
    duration: float
    error: BaseException | None = None
    finished: bool = True


@dataclass(frozen=True)
class Result:
    """The outcome of one check for one subject.

    :param duration: seconds
    :param error: the exception that the check raised
    :param finished: whether the check was done before the deadline of the heartbeat
    :param since: since when (UTC) the check has been failing, or passing, without a break
    """

    check: Check
    messages: tuple[Message, ...]
    duration: float
    error: BaseException | None = None
    finished: bool = True
    since: datetime | None = None

    @property
    def level(self) -> int:
        """The worst level of its messages; 0 for none."""
        return worst(self.messages)

    @property
    def duration_ms(self) -> float:
        """The duration in milliseconds, rounded to tenths."""
        return round(self.duration * 1000, 1)


@dataclass(frozen=True)
class Report:
    """The results of one heartbeat, in the order in which the checks were given.

    It has failed if a required check has a message of ``fail_level`` or worse; ``since`` says since
    when (UTC) the heartbeats of this process have failed, or passed, without a break.
    """

    results: tuple[Result, ...]
    fail_level: int
    since: datetime | None = None

    @cached_property
    def level(self) -> int:
        """The worst level among the required checks."""
        return max([r.level for r in self.results if r.check.required], default=0)

    @property
    def failed(self) -> bool:
        """Whether a required check has a message of ``fail_level`` or worse."""
        return self.level >= self.fail_level

    @property
    def by_name(self) -> dict[str, list[Result]]:
        """The results by the name of the check; one that has subjects has a result for each."""
        found: dict[str, list[Result]] = {}
        for result in self.results:
            found.setdefault(result.check.name, []).append(result)
        return found

    def as_dict(self, *, details: bool) -> dict[str, Any]:
        """For JSON; without ``details`` it names no check and quotes no message."""
        body: dict[str, Any] = {"status": status(self.level)}
        if details:
            found = {name: _details(results) for name, results in self.by_name.items()}
            body["checks"] = {name: detail["status"] for name, detail in found.items()}
            body["details"] = found
        return body


def _details(results: Sequence[Result]) -> dict[str, Any]:
    """Of one check: the worst level, all messages and the longest duration among its subjects."""
    messages: dict[str, list[str]] = {}
    hints: dict[str, dict[str, None]] = {}
    for message in [message for result in results for message in result.messages]:
        messages.setdefault(message.id, []).append(message.msg)
        if advice := message.advice:
            hints.setdefault(message.id, {})[advice] = None
    level = max(result.level for result in results)
    found: dict[str, Any] = {
        "status": status(level),
        "level": level,
        "messages": {key: "\n".join(texts) for key, texts in messages.items()},
        "duration_ms": max(result.duration_ms for result in results),
    }
    if hints:
        found["hints"] = {key: "\n".join(texts) for key, texts in hints.items()}
    if not any(result.check.required for result in results):
        found["optional"] = True
    if len(results) > 1:
        found["subjects"] = {result.check.subject: _subject(result) for result in results}
    return found


def _subject(result: Result) -> dict[str, Any]:
    found = {"status": status(result.level), "duration_ms": result.duration_ms}
    return found if result.check.required else {**found, "optional": True}
