"""One line of the report: a requirement of the specification, and its outcome."""

from __future__ import annotations

from typing import NamedTuple

APPLICATION = "The application"
BACKING = "Backing services"
DOCKERFILE = "The Dockerfile"
RECOMMENDED = "Recommended"

# what a requirement may need
RUNNING = "needs a URL or --command"
STARTED = "needs --command"
BACKED = "needs --backing"
READ = "needs --dockerfile"


class Requirement(NamedTuple):
    """One requirement or recommendation.

    ``fix`` is what to do where it failed. ``needs`` is what verify must be given to check it, or
    why nothing can.
    """

    name: str
    section: str
    title: str
    specification: str
    fix: str
    needs: str

    @property
    def required(self) -> bool:
        return self.section != RECOMMENDED


class Outcome(NamedTuple):
    """The outcome of one requirement: ``passed`` is None where it was not checked.

    ``fix`` is what to do about just this failure, where that is more than the requirement's own.
    """

    passed: bool | None
    found: str
    fix: str | None = None

    def __str__(self) -> str:
        return {True: "passed", False: "failed", None: "not checked"}[self.passed]


def passed(found: str) -> Outcome:
    """Return the outcome of what conforms."""
    return Outcome(True, found)


def failed(found: str, fix: str | None = None) -> Outcome:
    """Return the outcome of what does not conform."""
    return Outcome(False, found, fix)


def unchecked(why: str) -> Outcome:
    """Return the outcome of what could not be checked."""
    return Outcome(None, why)
