"""Runs the configured checks with the engine, the way that Django runs code for a request."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from functools import lru_cache, partial
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.conf import settings
from django.core.cache import caches
from django.db import Error, connections
from django.db.backends.base.base import NO_DB_ALIAS, BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.dispatch import receiver
from django.utils.module_loading import import_string

from dockerflow.conf import conf
from dockerflow.django import internals
from dockerflow.django.checks.database_rounds import begin_round, end_round, inline_round
from dockerflow.django.checks.registry import Configured, configured
from dockerflow.django.checks.sqlite_files import is_private
from dockerflow.django.checks.subjects import CACHE, DATABASE, call
from dockerflow.heartbeat import LEVELS, Answer, Check, Heartbeat, Hooks
from dockerflow.heartbeat.threads import Lane
from dockerflow.scrub import scrub

# Checks that share a lane share its thread, and with it what is kept open between heartbeats: one
# connection to the database, or the client of the cache.
LANES = {DATABASE, CACHE}


def run(**limits: float) -> Answer:
    """Run the configured checks, or share the run that is under way.

    ``limits`` may replace the settings' ``timeout`` and ``ttl`` (seconds).
    """
    if any(map(_is_private, connections.all(initialized_only=True))):
        with inline_round():
            return _heartbeat.run_inline(_checks(inline=True), fail_level=_fail_level())
    return _heartbeat.run(_checks(inline=False), **_limits() | limits)


async def arun() -> Answer:
    """:func:`run` for an event loop, which goes on meanwhile."""
    if internals.has_request_thread():
        return await _heartbeat.arun(_checks(inline=False), **_limits())
    return await sync_to_async(run)()


def _is_private(connection: BaseDatabaseWrapper) -> bool:
    """Whether another thread sees other data than the caller does with this connection.

    What was written in a transaction, as in any TestCase, is invisible outside of it; and each
    connection to an SQLite database in memory has a database of its own.
    """
    is_open = connection.connection is not None
    return connection.in_atomic_block or (is_open and is_private(connection))


def _limits() -> dict[str, Any]:
    return {
        "timeout": conf.DOCKERFLOW_HEARTBEAT_TIMEOUT,
        "ttl": conf.DOCKERFLOW_HEARTBEAT_TTL,
        "fail_level": _fail_level(),
    }


def _fail_level() -> int:
    return LEVELS[conf.DOCKERFLOW_HEARTBEAT_FAIL_LEVEL]


def _checks(*, inline: bool) -> tuple[Check, ...]:
    return _planned(configured(), inline)


@lru_cache(maxsize=2)
def _planned(chosen: tuple[Configured, ...], inline: bool) -> tuple[Check, ...]:
    # A partial and a test's mock have no name.
    names = {c.check: getattr(c.check, "__name__", c.path.rpartition(".")[2]) for c in chosen}
    shared = Counter(names.values())
    planned = []
    for one, subject in zip(chosen, _shown_subjects(chosen), strict=True):
        name, declared = names[one.check], one.subjects
        function = partial(one, app_configs=None)
        lane = None
        if declared is not None and declared.keyword in LANES and one.subject is not None:
            lane = _lane_name(declared.keyword, one.subject)
        planned.append(
            Check(
                name=one.path if shared[name] > 1 else name,
                key=(one.check, one.subject),
                function=partial(call, function) if inline else function,
                subject=subject,
                lane=lane,
                first=declared is not None and declared.first,
                required=one.required,
            )
        )
    if any(one.subjects and one.subjects.keyword == CACHE for one in chosen):
        _import_cache_clients()
    return tuple(planned)


def _shown_subjects(chosen: Iterable[Configured]) -> Iterator[str | None]:
    """What the subjects are called in answers and logs: without credentials, and each otherwise."""
    count: Counter[tuple[object, str]] = Counter()
    for one in chosen:
        shown = None if one.subject is None else _encodable(scrub(one.subject))
        if shown is not None and shown != one.subject:
            count[one.check, shown] += 1
            if count[one.check, shown] > 1:
                shown += f" ({count[one.check, shown]})"
        yield shown


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()  # a path may hold lone surrogates


def _lane_name(keyword: str, subject: str) -> str:
    return f"{keyword} {subject}"


def _import_cache_clients() -> None:
    """Import what the caches would when first used: two threads at a time can each get a part."""
    backends = [str(cache.get("BACKEND")) for cache in settings.CACHES.values()]
    for backend in backends:
        with suppress(Exception):  # which the check of this cache reports
            import_string(backend)
    if any("redis" in backend for backend in backends):
        with suppress(ImportError):
            importlib.import_module("redis")


class _SynchronousCode(Lane):
    """Runs the synchronous code that an async check calls, and may stop waiting for."""

    def __init__(self) -> None:
        super().__init__("synchronous code")
        self._calls: set[Future[Any]] = set()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future = super().submit(fn, *args, **kwargs)
        self._calls.add(future)
        future.add_done_callback(self._calls.discard)
        return future

    @property
    def is_busy(self) -> bool:
        return bool(self._calls)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Nothing, which the context calls in any case."""

    end = Lane.shutdown


# What still runs for a check that has ended; its next run waits for the same thread, and makes no
# other that could hang as well.
_busy: dict[object, _SynchronousCode] = {}


async def _awaited(check: Check, awaitable: Awaitable[object]) -> object:
    lane = _busy.pop(check.key, None)
    if lane is None or not lane.thread.is_alive():  # as after a fork
        lane = _SynchronousCode()
    # Without the context, all synchronous code in the process would queue for one thread.
    async with ThreadSensitiveContext() as context:
        internals.use_executor(context, lane)
        try:
            return await awaitable
        finally:
            if lane.is_busy:
                lane.submit(_end, None)
                _busy[check.key] = lane
            else:
                await sync_to_async(_end)(None)
                lane.end()


def _begin() -> None:
    """What Django does before a request; an error of one connection leaves no other unclosed."""
    for connection in connections.all(initialized_only=True):
        connection.queries_log.clear()
        _close_if_unusable(connection)
    begin_round()


def _end(lane: str | None) -> None:
    """What Django does after a request; all else than the connection of the lane is closed."""
    end_round()
    for connection in connections.all(initialized_only=True):
        if lane == _lane_name(DATABASE, connection.alias) and not connection.in_atomic_block:
            if connection.connection is not None and not connection.settings_dict["AUTOCOMMIT"]:
                with suppress(Error):
                    connection.rollback()  # else its transaction would stay open
            _close_if_unusable(connection)
            continue
        if connection.in_atomic_block:  # a check has not ended its transaction
            del connections[connection.alias]
        with suppress(Error):
            internals.close_for_good(connection)
    caches.close_all()


def _close_if_unusable(connection: BaseDatabaseWrapper) -> None:
    try:
        connection.close_if_unusable_or_obsolete()
    except Error:  # MySQL's drivers raise when they close what is closed already
        return


def _is_silenced(message: object) -> bool:
    return getattr(message, "id", None) in settings.SILENCED_SYSTEM_CHECKS


_heartbeat = Heartbeat(Hooks(_begin, _end, _awaited, _is_silenced))


@receiver(connection_created)
def _release_databases(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Close what is kept open when Django is about to create or drop a database.

    Django opens a connection without a database only for that, as its test runner does at its end,
    and PostgreSQL drops no database that is in use.
    """
    if connection.alias == NO_DB_ALIAS:
        _heartbeat.stop_lanes(timeout=1)
