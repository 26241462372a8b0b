"""The checks that a heartbeat runs, and their registration with Django's system checks.

Each takes what Django gives a system check and returns a list of
:class:`~django.core.checks.CheckMessage`; the ids are in :mod:`dockerflow.health`.
"""

from __future__ import annotations

import functools
import sys
import uuid
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from types import FrameType
from typing import Any

from asgiref.sync import async_to_sync
from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.cache import InvalidCacheBackendError, caches
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, connections
from django.utils.module_loading import import_string

from dockerflow import health
from dockerflow.conf import conf
from dockerflow.django.checks.migrations import unapplied
from dockerflow.django.checks.queries import select
from dockerflow.heartbeat.report import is_awaitable

Apps = Sequence[AppConfig] | None

TAG = "dockerflow"
NAMED_MIGRATIONS = 10
CACHE_SECONDS = 60


def check_database_connected(
    app_configs: Apps, databases: Iterable[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Every database of ``DOCKERFLOW_DATABASES`` answers a ``SELECT 1``.

    E001 where no connection can be had, E002 where it answers no query, E003 where Django cannot
    make anything of its settings.
    """
    return [message for alias in _aliases(databases) for message in _database_problems(alias)]


def _database_problems(alias: str) -> Iterator[CheckMessage]:
    connection = None
    try:
        connection = connections[alias]
        connection.ensure_connection()
        select(connection, f"SELECT 1{connection.features.bare_select_suffix}")
    except ImproperlyConfigured as error:
        text = f'Database "{alias}" is misconfigured: {error}'
        yield checks.Error(text, id=health.ERROR_MISCONFIGURED_DATABASE)
    except Error as error:
        if connection is None or connection.connection is None:
            text = f'Could not connect to database "{alias}": {error}'
            yield checks.Error(text, id=health.ERROR_CANNOT_CONNECT_DATABASE)
        else:
            text = f'Database "{alias}" is connected and answers no query: {error}'
            yield checks.Error(text, id=health.ERROR_UNUSABLE_DATABASE)


def check_migrations_applied(
    app_configs: Apps, databases: Iterable[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Every database of ``DOCKERFLOW_DATABASES`` has all migrations of the apps it holds.

    W001 for each app that lacks some, I001 for a database that cannot be asked.
    """
    labels = None if app_configs is None else {app.label for app in app_configs}
    return [message for alias in _aliases(databases) for message in _unapplied(alias, labels)]


def _unapplied(alias: str, labels: set[str] | None) -> Iterator[CheckMessage]:
    try:
        found = unapplied(connections[alias])
    except (ImproperlyConfigured, Error) as error:
        text = f'Database "{alias}" cannot be asked for its migrations: {error}'
        yield checks.Info(text, id=health.INFO_CANT_CHECK_MIGRATIONS)
        return
    for label, names in found.items():
        if labels is None or label in labels:
            named = ", ".join(names[:NAMED_MIGRATIONS])
            more = len(names) - NAMED_MIGRATIONS
            text = f'Database "{alias}" lacks {len(names)} of the migrations of {label}: {named}'
            yield checks.Warning(
                text + (f" and {more} more" if more > 0 else ""),
                hint="Run manage.py migrate.",
                id=health.WARNING_UNAPPLIED_MIGRATION,
            )


def _aliases(databases: Iterable[str] | None) -> list[str]:
    chosen = conf.DOCKERFLOW_DATABASES
    if chosen is None:
        chosen = list(connections)
    return chosen if databases is None else [alias for alias in chosen if alias in databases]


def check_redis_connected(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """Every cache in ``CACHES`` that is a Redis, by Django or django-redis, answers a ``PING``.

    E004 where no connection can be had, E005 where the client library is missing, E006 where there
    is no such cache or its settings are no good, E007 for any other answer.
    """
    aliases = [alias for alias, cache in settings.CACHES.items() if _is_redis(cache["BACKEND"])]
    if not aliases:
        text = "No cache in CACHES uses Redis, so there is nothing to check"
        return [checks.Error(text, id=health.ERROR_MISCONFIGURED_REDIS)]
    return [message for alias in aliases for message in _redis_problems(alias)]


def _is_redis(backend: str) -> bool:
    """By its name, which also a backend has that cannot be imported, or by a base class."""
    if "redis" in backend:
        return True
    try:
        bases = import_string(backend).__mro__
    except ImportError:
        return False
    return any("redis" in base.__module__ for base in bases)


def _redis_problems(alias: str) -> Iterator[CheckMessage]:
    try:
        from redis import exceptions  # noqa: PLC0415 (an optional extra)
    except ImportError as error:
        yield checks.Error(
            f"Redis client is missing: {error}", id=health.ERROR_MISSING_REDIS_CLIENT
        )
        return
    try:
        answered = _ping(alias)
    except (exceptions.ConnectionError, exceptions.TimeoutError) as error:
        text = f'Could not connect to Redis of cache "{alias}": {error}'
        yield checks.Error(text, id=health.ERROR_CANNOT_CONNECT_REDIS)
    except (ImportError, InvalidCacheBackendError, NotImplementedError) as error:
        text = f'Redis client of cache "{alias}" is missing: {error}'
        yield checks.Error(text, id=health.ERROR_MISSING_REDIS_CLIENT)
    except (ImproperlyConfigured, ValueError) as error:
        text = f'Redis of cache "{alias}" is misconfigured: {error}'
        yield checks.Error(text, id=health.ERROR_MISCONFIGURED_REDIS)
    except Exception as error:
        text = f'Redis of cache "{alias}" answered a ping with {type(error).__name__}: {error}'
        yield checks.Error(text, id=health.ERROR_REDIS_PING_FAILED)
    else:
        if not answered:
            text = f'Redis of cache "{alias}" did not answer a ping'
            yield checks.Error(text, id=health.ERROR_REDIS_PING_FAILED)


def _ping(alias: str) -> bool:
    cache: Any = caches[alias]
    if hasattr(cache, "client"):
        from django_redis import get_redis_connection  # noqa: PLC0415 (the project's own choice)

        return bool(get_redis_connection(alias).ping())
    return bool(cache._cache.get_client(write=True).ping())


def check_caches(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """Every cache in ``CACHES`` gives back what was put in, under a key of its own.

    E011 where it raises, E012 where it gives back something else; I002 for caches that no other
    process can see, local memory and dummy.
    """
    return [message for alias in settings.CACHES for message in _cache_problems(alias)]


def _cache_problems(alias: str) -> Iterator[CheckMessage]:
    key = value = f"dockerflow-{uuid.uuid4()}"
    try:
        cache = caches[alias]
        if isinstance(cache, (LocMemCache, DummyCache)):
            text = f'Cache "{alias}" is a {type(cache).__name__}, which has nothing to check'
            yield checks.Info(text, id=health.INFO_LOCAL_CACHE)
            return
        cache.set(key, value, CACHE_SECONDS)
        returned = cache.get(key)
        cache.delete(key)
    except Exception as error:
        text = f'Cache "{alias}" raised {type(error).__name__}: {error}'
        yield checks.Error(text, id=health.ERROR_CACHE_FAILED)
    else:
        if returned != value:
            text = f'Cache "{alias}" lost what was put into it'
            yield checks.Error(text, id=health.ERROR_CACHE_LOST_VALUE)


def register() -> None:
    """Register the configured checks with Django, as deployment and database checks.

    So ``check --deploy --tag dockerflow`` runs them, and neither a plain ``check`` nor ``migrate``
    nor a build does. A registration of the same function by the project stays as it is.
    """
    for path in [*conf.DOCKERFLOW_CHECKS, *conf.DOCKERFLOW_OPTIONAL_CHECKS]:
        checks.register(system_check(import_string(path)), TAG, checks.Tags.database, deploy=True)


@functools.cache
def system_check(function: Callable[..., Any]) -> Callable[..., Any]:
    """A twin for Django's registry, which writes tags on what it is given and awaits nothing."""

    @functools.wraps(function)
    def twin(databases: Iterable[str] | None = None, **kwargs: Any) -> Any:
        if databases is None and not _is_asked_for(sys._getframe(1)):
            return []
        return call(function, databases=databases, **kwargs)

    return twin


def call(function: Callable[..., Any], **arguments: Any) -> Any:
    """What the function returns, waited for where that is an awaitable."""
    returned = function(**arguments)
    return async_to_sync(_awaited)(returned) if is_awaitable(returned) else returned


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def _is_asked_for(run_checks: FrameType) -> bool:
    """Whether the checks that run were chosen by tags, as only their caller knows.

    Before Django 6.1 ``check --deploy`` ran database checks without having been asked to.
    https://docs.djangoproject.com/en/stable/ref/checks/#builtin-tags
    """
    return run_checks.f_locals.get("tags") is not None
