"""What the checks that one heartbeat makes of the databases share: what they have found out."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from django.core.checks import CheckMessage

from dockerflow.django.checks.timeouts import check_timeout


class UnavailableError(Exception):
    """A database cannot be used: the reason, and the message that a check returns for it."""

    def __init__(self, reason: str, message: CheckMessage) -> None:
        super().__init__(reason)
        self.message = message


@dataclass(eq=False)
class DatabaseRound:
    """The checks of databases that run one after another in one thread.

    :param unavailable: what was reported of a database, by alias
    :param in_use: the databases to which a connection was made, or has answered
    :param owns_connections: whether the connections of this thread are used by the checks alone
    """

    unavailable: dict[str, UnavailableError] = field(default_factory=dict)
    in_use: set[str] = field(default_factory=set)
    owns_connections: bool = False

    def seconds_of_another(self, alias: str) -> float | None:
        """How long a check of another round has been hanging in a database; None if none is.

        If no other uses the database, this round is noted as the one that does.
        """
        if not self.owns_connections:
            return None
        now = time.monotonic()
        user, since = _users.setdefault(alias, (self, now))
        is_hanging = user is not self and now - since >= check_timeout()
        return now - since if is_hanging else None


_round: ContextVar[DatabaseRound | None] = ContextVar("database_round", default=None)
# By alias: the round whose checks use the database, and since when
_users: dict[str, tuple[DatabaseRound, float]] = {}
os.register_at_fork(after_in_child=_users.clear)


def current_round() -> DatabaseRound:
    """The round of this thread, or a new one outside of rounds."""
    return _round.get() or DatabaseRound()


@contextmanager
def inline_round() -> Iterator[None]:
    """Within this, a database that was found unavailable is not tried again."""
    token = _round.set(DatabaseRound())
    try:
        yield
    finally:
        _round.reset(token)


def begin_round() -> None:
    """Begin a round in this thread, whose connections must be those of the checks alone."""
    _round.set(DatabaseRound(owns_connections=True))


def end_round() -> None:
    """End the round of this thread."""
    ended = _round.get()
    for alias, (user, _) in list(_users.items()):
        if user is ended:
            del _users[alias]
