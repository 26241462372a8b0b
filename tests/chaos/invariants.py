"""What holds of every answer of a chaos run."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from tests.chaos.failures import HEALTHY, ONSET, TIMEOUT
from tests.chaos.watched import Asked, Watched
from tests.chaos.window import RECOVERED, Window

ANSWERED = TIMEOUT + 0.2  # seconds, at most, of a heartbeat
ALIVE = 1  # second, at most, of /__lbheartbeat__
FAILING = {"warning", "error", "critical"}
# Our own sentence, and not what a driver adds after a colon and in further lines.
NAMED = re.compile(
    r'^(?=[A-Z])[^:\n]*?\b(?:[Dd]atabase|[Cc]ache) "(\w+)"|^check_\w+\[(\w+)\]',
    re.MULTILINE,
)


def judge_liveness(window: Window, watched: Watched) -> None:
    for asked in watched.liveness.take():
        status = getattr(asked.answer, "status", repr(asked.answer))
        if status != 200:
            window.report(asked.asked, watched, "/__lbheartbeat__ is 200", status)
        window.report_if_late(asked, watched, ALIVE)


def judge_heartbeats(window: Window, watched: Watched) -> None:
    taken = [asked for prober in watched.heartbeats for asked in prober.take()]
    _judge_recovery(window, watched, taken)
    for asked in taken:
        window.report_if_late(asked, watched, ANSWERED)
        if isinstance(asked.answer, Exception):
            window.report(asked.asked, watched, "an answer", repr(asked.answer))
            continue
        status, details = asked.answer.status, asked.answer.json()["details"]
        for expected in _contradicted(window, asked, status, details):
            when = f"asked {asked.asked - window.starting:.2f} s after its beginning"
            messages = {check: found["messages"] for check, found in details.items()}
            window.report(asked.asked, watched, f"{expected}, {when}", f"{status} {messages}")
        if window.starting <= asked.asked <= window.ended:
            window.heartbeats += 1
            window.slowest = max(window.slowest, asked.answered - asked.asked)


def _judge_recovery(window: Window, watched: Watched, taken: list[Asked]) -> None:
    """Find from when on all heartbeats pass."""
    passed = window.ended
    for asked in sorted(taken, key=lambda asked: -asked.answered):
        if asked.answered <= window.ended or getattr(asked.answer, "status", None) != 200:
            break
        passed = asked.answered
    seconds = passed - window.ended
    window.recovered = max(window.recovered, seconds)
    if not 0 < seconds <= RECOVERED + window.extra:
        seen = f"one after {seconds:.2f} s" if seconds else "none"
        expected = f"heartbeats that pass from {RECOVERED + window.extra:g} s after its end on"
        window.report(window.ended, watched, expected, seen)


def _contradicted(
    window: Window, asked: Asked, status: int, details: dict[str, Any]
) -> Iterator[str]:
    """What was expected of the answer and is not so."""
    failure = window.fault.failure
    bad = {
        (check, subject): one["status"]
        for check, found in details.items()
        for subject, one in found["subjects"].items()
        if one["status"] != "ok"
    }
    named = {
        (check, alias)
        for check, found in details.items()
        for text in found["messages"].values()
        for aliases in NAMED.findall(text)
        for alias in aliases
        if alias
    }
    failing = {pair for pair in bad if bad[pair] in FAILING}
    allowed = failure.edges
    if window.is_outside(asked):
        allowed = {}
    elif window.is_within(asked, failure.onset):
        allowed = failure.ids
        for pairs in failure.certain:
            if not pairs & failing:
                yield f"a failure of {_listed(pairs)}"
    elif window.is_within(asked, ONSET) and failure.certain and not failing:
        yield "a failure"
    if innocent := {pair for pair in bad if pair[0] not in allowed or pair[1] == HEALTHY}:
        yield f"{_listed(innocent)} to pass"
    for check, found in details.items():
        ids = {name.removeprefix("dockerflow.health.") for name in found["messages"]}
        if check in allowed and not ids <= allowed[check]:
            yield f"one of {sorted(allowed[check])} of {check}"
    if named != set(bad):
        yield f"messages that name {_listed(bad)} and not {_listed(named)}"
    expected = 500 if failing else 200
    if status != expected:
        yield f"a status of {expected}"


def _listed(pairs: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{check}[{subject}]" for check, subject in sorted(pairs)) or "nothing"
