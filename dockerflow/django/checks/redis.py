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
from dockerflow.django.checks.locations import explained
from dockerflow.django.checks.subjects import subjects
from dockerflow.django.internals import redis_clients

DJANGO, DJANGO_REDIS = "django.core.cache.backends.redis", "django_redis.cache"


def _redis_aliases() -> list[str]:
    backends = {alias: str(cache.get("BACKEND")) for alias, cache in settings.CACHES.items()}
    return [alias for alias, backend in backends.items() if _is_redis(backend)]


def _is_redis(backend: str) -> bool:
    """By the class, or by the name of one that cannot be imported, which is an error to report."""
    try:
        return _library(import_string(backend)) is not None
    except ImportError:
        return "redis" in backend


def _library(backend: object) -> str | None:
    """The module of the cache that a backend is made from; None where it is of another kind."""
    modules = {base.__module__ for base in getattr(backend, "__mro__", ())}
    return next((name for name in (DJANGO, DJANGO_REDIS) if name in modules), None)


def _nothing_to_check() -> list[CheckMessage]:
    text = "No cache in CACHES uses Redis, so there is nothing to check"
    hint = "Add a cache to CACHES that uses Redis, or remove the check."
    return [checks.Error(text, hint=hint, id=health.ERROR_MISCONFIGURED_REDIS)]


@subjects("cache", _redis_aliases, none=_nothing_to_check)
def check_redis_connected(
    app_configs: Sequence[AppConfig] | None, cache: str, **kwargs: Any
) -> list[CheckMessage]:
    """Each server of a cache that is a Redis, by Django or django-redis, answers a ``PING``.

    E004 where no connection can be had, E005 where the client library is missing, E006 where there
    is no such cache or its settings are no good, E007 for any other answer.
    """
    try:
        from redis import exceptions  # noqa: F401, PLC0415 (an optional extra)
    except ImportError as error:
        text = f"Redis client is missing: {error}"
        return [checks.Error(text, id=health.ERROR_MISSING_REDIS_CLIENT)]
    try:
        clients = _clients(caches[cache])
    except (ModuleNotFoundError, InvalidCacheBackendError) as error:
        text = f'Redis client of cache "{cache}" is missing: {error}'
        return [checks.Error(text, id=health.ERROR_MISSING_REDIS_CLIENT)]
    except (ImportError, ImproperlyConfigured, TypeError, ValueError) as error:
        return [_misconfigured(f'Redis of cache "{cache}"', error, cache)]
    return list(_problems(cache, clients))


def _misconfigured(name: str, error: Exception, alias: str) -> CheckMessage:
    reason, hint = explained(error, alias)
    text = f"{name} is misconfigured: {reason}"
    return checks.Error(text, hint=hint, id=health.ERROR_MISCONFIGURED_REDIS)


def _problems(alias: str, clients: list[Any]) -> Iterator[CheckMessage]:
    from redis import exceptions  # noqa: PLC0415 (an optional extra)

    for number, client in enumerate(clients, start=1):
        which = f", server {number} of {len(clients)} in its LOCATION" if len(clients) > 1 else ""
        name = f'Redis of cache "{alias}"{which}'
        try:
            answered = client.ping()
        except (exceptions.ConnectionError, exceptions.TimeoutError) as error:
            reason, hint = explained(error, alias)
            text = f"Could not connect to {name}: {reason}"
            yield checks.Error(text, hint=hint, id=health.ERROR_CANNOT_CONNECT_REDIS)
        except (TypeError, ValueError) as error:  # of an option that the client does not know
            yield _misconfigured(name, error, alias)
        except Exception as error:
            text = f"{name} answered a ping with {type(error).__name__}: {error}"
            yield checks.Error(text, id=health.ERROR_REDIS_PING_FAILED)
        else:
            if not answered:
                text = f"{name} did not answer a ping"
                yield checks.Error(text, id=health.ERROR_REDIS_PING_FAILED)


def _clients(cache: Any) -> list[Any]:
    """A client for each server of a cache, first the one that is written to.

    :raises ImproperlyConfigured: the cache is of another kind, or has no server
    """
    library = _library(type(cache))
    if library == DJANGO:
        if clients := redis_clients(cache):
            return clients
        raise ImproperlyConfigured("its LOCATION names no server")
    if library == DJANGO_REDIS:
        return list(_django_redis_clients(cache.client))
    path = f"{type(cache).__module__}.{type(cache).__qualname__}"
    raise ImproperlyConfigured(f"{path} is neither Django's RedisCache nor that of django-redis")


def _django_redis_clients(client: Any) -> Iterator[Any]:
    """Those of django-redis, which names its servers as if one after the other had failed.

    A ``ShardClient`` connects to all of them at once.
    https://github.com/jazzband/django-redis#pluggable-clients
    """
    tried: list[int] = []
    while (index := client.get_next_client_index(write=True, tried=tried)) not in tried:
        tried.append(index)
    for index in sorted(tried):
        found = client.connect(index)
        if isinstance(found, dict):
            yield from found.values()
            return
        yield found
