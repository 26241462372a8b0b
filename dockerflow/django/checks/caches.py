"""Whether the caches give back what was put into them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.core.cache import caches
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.checks import CheckMessage
from django.db import DatabaseError

from dockerflow import health
from dockerflow.django.checks.driver_errors import is_missing_table
from dockerflow.django.checks.locations import explained
from dockerflow.django.checks.subjects import cache_aliases, subjects

CACHE_SECONDS = 60
REPLICA_HINT = (
    "A replica takes no writes. Put the primary first in LOCATION, or leave this cache out by"
    " naming the others: check_caches[default]."
)
TABLE_HINT = "Run manage.py createcachetable, or correct LOCATION in CACHES."


@subjects("cache", cache_aliases)
def check_caches(
    app_configs: Sequence[AppConfig] | None, cache: str, **kwargs: Any
) -> list[CheckMessage]:
    """A cache gives back what was put in, under a key of its own.

    E011 where it raises, E012 where it gives back something else; I002 for caches that no other
    process can see, local memory and dummy.
    """
    return list(_problems(cache))


def _problems(alias: str) -> Iterator[CheckMessage]:
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
        reason, hint = explained(error, alias)
        text = f'Cache "{alias}" cannot be used: {type(error).__name__}: {reason}'
        # https://redis.io/docs/latest/operate/oss_and_stack/management/replication/
        is_replica = type(error).__name__ == "ReadOnlyError"
        hint = REPLICA_HINT if is_replica else hint
        if isinstance(error, DatabaseError) and is_missing_table(error):
            hint = TABLE_HINT
        yield checks.Error(text, hint=hint, id=health.ERROR_CACHE_FAILED)
    else:
        if returned != value:
            text = f'Cache "{alias}" did not return the value that was written'
            yield checks.Error(text, id=health.ERROR_CACHE_LOST_VALUE)
