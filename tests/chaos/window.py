"""One fault and what was seen of it."""

from dataclasses import dataclass, field
from typing import NamedTuple

from tests.chaos.faults import Fault
from tests.chaos.lateness import Lateness
from tests.chaos.watched import Asked, Watched

RECOVERED = 2  # seconds, at most, from the end of a fault to a heartbeat that passes
LONGEST = 1_000  # characters of what was seen


class Violation(NamedTuple):
    """Something that should not be; ``at`` is by ``time.monotonic()``."""

    at: float
    fault: str
    server: str
    expected: str
    seen: str


@dataclass
class Window:
    """A fault and the recovery from it, by ``time.monotonic()``.

    The fault is there from ``began`` to ``ending``; before ``starting`` and after ``ended`` it is
    not.

    :param extra: seconds by which every limit is raised
    """

    fault: Fault
    starting: float
    began: float
    ending: float
    ended: float
    lateness: Lateness
    extra: float
    violations: list[Violation] = field(default_factory=list)
    heartbeats: int = 0
    slowest: float = 0.0  # seconds, of an answer
    recovered: float = 0.0  # seconds from the end of the fault to an answer that passes

    def is_within(self, asked: Asked, onset: float) -> bool:
        """Whether a request was made so long after the beginning, and answered before the end."""
        begun = self.began + onset + self.extra
        return asked.asked >= begun and asked.answered <= self.ending

    def is_outside(self, asked: Asked) -> bool:
        """Whether a request was answered before the fault, or made when all has to be well."""
        over = self.ended + RECOVERED + self.extra
        return asked.answered < self.starting or asked.asked > over

    def report(self, at: float, watched: Watched, expected: str, seen: object) -> None:
        shown = str(seen)[:LONGEST]
        self.violations.append(Violation(at, self.fault.name, watched.kind, expected, shown))

    def report_if_late(self, asked: Asked, watched: Watched, limit: float) -> None:
        taken = asked.answered - asked.asked
        if taken > limit + self.extra:
            machine = self.lateness.between(asked.asked, asked.answered)
            seen = f"after {taken:.2f} s (a thread of this run woke up {machine:.2f} s late)"
            expected = f"an answer within {limit + self.extra:g} s"
            self.report(asked.asked, watched, expected, seen)
