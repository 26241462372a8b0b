"""Runs the configured checks with the engine, the way that Django runs code for a request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

from asgiref.sync import SyncToAsync, ThreadSensitiveContext, sync_to_async
from django.conf import settings
from django.core import mail
from django.core.cache import caches
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.module_loading import import_string

from dockerflow.conf import conf
from dockerflow.django.checks.registry import call
from dockerflow.heartbeat import Answer, Heartbeat
from dockerflow.heartbeat.report import LEVELS, Check, is_awaitable
from dockerflow.heartbeat.threads import Lane

Function = Callable[..., Any]

# Both look at the databases, so that one connection serves them; it stays as CONN_MAX_AGE says.
DATABASE_LANE = "databases"
# Both import the Redis client when first used; two threads at a time would get halves of it.
CACHE_LANE = "caches"
LANES = {
    "dockerflow.django.checks.check_database_connected": DATABASE_LANE,
    "dockerflow.django.checks.check_migrations_applied": DATABASE_LANE,
    "dockerflow.django.checks.check_redis_connected": CACHE_LANE,
    "dockerflow.django.checks.check_caches": CACHE_LANE,
}

_heartbeat = Heartbeat()


def run(**limits: float) -> Answer:
    """Run the configured checks, or share the run that is under way.

    ``limits`` may replace the settings' ``timeout`` and ``ttl`` (seconds).
    """
    mine = connections.all(initialized_only=True)
    if any(connection.in_atomic_block for connection in mine):
        # What the caller has written is invisible outside its transaction, as in any TestCase.
        return _heartbeat.run_inline(_checks(inline=True), fail_level=_fail_level())
    # SQLite's databases of this name are those of one connection; another thread's are empty.
    private = [c for c in mine if c.settings_dict["NAME"] == ":memory:" and c.connection]
    checks = _checks(inline=False)
    if private:
        checks = tuple(_borrowing(check, private) for check in checks)
    for connection in private:
        connection.inc_thread_sharing()
    try:
        return _heartbeat.run(checks, **_limits() | limits)
    finally:
        for connection in private:
            connection.dec_thread_sharing()


def _borrowing(check: Check, lent: Sequence[BaseDatabaseWrapper]) -> Check:
    function: Function = check.function  # one of those below, which take it
    return replace(check, function=partial(function, lent=lent))


async def arun() -> Answer:
    """:func:`run` for an event loop, which goes on meanwhile."""
    if _is_testing():
        return await sync_to_async(run)()
    return await _heartbeat.arun(_checks(inline=False), **_limits())


def _limits() -> dict[str, Any]:
    return {
        "timeout": conf.DOCKERFLOW_HEARTBEAT_TIMEOUT,
        "ttl": conf.DOCKERFLOW_HEARTBEAT_TTL,
        "fail_level": _fail_level(),
    }


def _fail_level() -> int:
    return LEVELS[conf.DOCKERFLOW_HEARTBEAT_FAIL_LEVEL]


def _is_testing() -> bool:
    # https://docs.djangoproject.com/en/stable/topics/testing/tools/#email-services
    return "outbox" in vars(mail)


def _checks(*, inline: bool) -> tuple[Check, ...]:
    required, optional = conf.DOCKERFLOW_CHECKS, conf.DOCKERFLOW_OPTIONAL_CHECKS
    functions = [import_string(path) for path in [*required, *optional]]
    return _planned(tuple(required), tuple(optional), tuple(functions), inline)


@lru_cache(maxsize=2)
def _planned(
    required: tuple[str, ...],
    optional: tuple[str, ...],
    functions: tuple[Function, ...],
    inline: bool,
) -> tuple[Check, ...]:
    by_path = dict(zip(required + optional, functions, strict=True))
    # A partial and a test's mock have no name.
    names = {p: getattr(f, "__name__", p.rpartition(".")[2]) for p, f in by_path.items()}
    shared_names = Counter(names.values())
    last_in_lane = {LANES.get(path): path for path in by_path}
    first_in_lane = {LANES.get(path): path for path in reversed(by_path)}
    return tuple(
        Check(
            name=path if shared_names[names[path]] > 1 else names[path],
            key=function,
            function=partial(
                _inline if inline else _in_thread,
                function,
                opens=lane is None or path == first_in_lane[lane],
                closes=lane is None or path == last_in_lane[lane],
                keeps=lane == DATABASE_LANE,
            ),
            lane=lane,
            required=path in required,
        )
        for path, function in by_path.items()
        for lane in [LANES.get(path)]
    )


def _inline(function: Function, **place: bool) -> object:
    return _audible(call(function, app_configs=None))


def _in_thread(
    function: Function,
    *,
    opens: bool,
    closes: bool,
    keeps: bool,
    lent: Sequence[BaseDatabaseWrapper] = (),
) -> object:
    """Run a check as a request is run; the checks of one lane are like one request.

    :param opens: drop stale connections before
    :param closes: let go of connections after
    :param keeps: but not of those that ``CONN_MAX_AGE`` says to keep
    :param lent: connections of another thread to use in place of this one's
    """
    if opens:
        for connection in connections.all(initialized_only=True):
            connection.queries_log.clear()
            connection.close_if_unusable_or_obsolete()
    for connection in lent:
        connections[connection.alias] = connection
    try:
        returned = function(app_configs=None)
        return _in_loop(returned) if is_awaitable(returned) else _audible(returned)
    finally:
        for connection in lent:
            del connections[connection.alias]
        if closes:
            _release(stays=keeps and not _is_testing())


async def _in_loop(returned: Any) -> object:
    # Without the context, all synchronous code in the process would queue for one thread.
    async with ThreadSensitiveContext() as context:
        SyncToAsync.context_to_thread_executor[context] = Lane(
            getattr(returned, "__name__", "awaitable")
        )
        try:
            return _audible(await returned)
        finally:
            await sync_to_async(_release)(stays=False)


def _release(*, stays: bool) -> None:
    """Let go of this thread's connections, as at the end of a request or for good.

    Only one lane keeps any, so that a process holds one more an alias; under test nothing does, for
    a connection would keep the test database from being dropped.
    """
    for connection in connections.all(initialized_only=True):
        if stays:
            connection.close_if_unusable_or_obsolete()
        else:
            BaseDatabaseWrapper.close(connection)  # SQLite's own spares databases in memory
    caches.close_all()


def _audible(returned: object) -> object:
    """Messages without the silenced ones; what is no list of messages, as it is."""
    if not isinstance(returned, Iterable) or isinstance(returned, (str, bytes)):
        return returned
    silenced = settings.SILENCED_SYSTEM_CHECKS
    return [message for message in returned if getattr(message, "id", None) not in silenced]
