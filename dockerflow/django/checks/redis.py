"""Whether the Redis servers behind the caches answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.cache import InvalidCacheBackendError, caches
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from dockerflow import health
from dockerflow.django.checks.subjects import subjects


def _redis_aliases() -> list[str]:
    return [alias for alias, cache in settings.CACHES.items() if _is_redis(cache["BACKEND"])]


def _nothing_to_check() -> list[CheckMessage]:
    text = "No cache in CACHES uses Redis, so there is nothing to check"
    return [checks.Error(text, id=health.ERROR_MISCONFIGURED_REDIS)]


@subjects("cache", _redis_aliases, none=_nothing_to_check)
def check_redis_connected(
    app_configs: Sequence[AppConfig] | None, cache: str, **kwargs: Any
) -> list[CheckMessage]:
    """A cache that is a Redis, by Django or django-redis, answers a ``PING``.

    E004 where no connection can be had, E005 where the client library is missing, E006 where there
    is no such cache or its settings are no good, E007 for any other answer.
    """
    return list(_problems(cache))


def _is_redis(backend: str) -> bool:
    """By its name, which also a backend has that cannot be imported, or by a base class."""
    if "redis" in backend:
        return True
    try:
        bases = import_string(backend).__mro__
    except ImportError:
        return False
    return any("redis" in base.__module__ for base in bases)


def _problems(alias: str) -> Iterator[CheckMessage]:
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
