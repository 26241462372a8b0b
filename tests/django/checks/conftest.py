"""What the tests of the checks share: databases of a test's own."""

import gc
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.db import connections

from tests.support.databases import database
from tests.support.services import MariaDB, PostgreSQL, Redis


@pytest.fixture
def add(settings, django_db_setup, django_db_blocker) -> Iterator[Callable[..., None]]:
    """Adds a database to those that the checks look at.

    Without the set-up, "default" is a private database in memory: whichever test connects to it has
    all later heartbeats of the process run in the main thread.
    """
    settings.DOCKERFLOW_DATABASES = []

    with django_db_blocker.unblock(), ExitStack() as stack:

        def add(alias: str = "shop", **options: Any) -> None:
            stack.enter_context(database(alias, **options))
            settings.DOCKERFLOW_DATABASES = [*settings.DOCKERFLOW_DATABASES, alias]

        yield add


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """An SQLite database, an empty file."""
    path = tmp_path / "db.sqlite3"
    path.touch()
    yield {"ENGINE": "django.db.backends.sqlite3", "NAME": path}
    # Django closes no connection that it has made and could not set up, as with a broken file.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def postgres(postgresql: PostgreSQL) -> Iterator[dict[str, Any]]:
    """A PostgreSQL database of this test's own."""
    postgresql.execute("CREATE DATABASE shop")
    yield {**postgresql.settings, "NAME": "shop"}
    postgresql.revive()
    postgresql.execute("DROP DATABASE shop WITH (FORCE)")


@pytest.fixture
def maria(mariadb: MariaDB) -> Iterator[dict[str, Any]]:
    """A MariaDB database of this test's own."""
    mariadb.execute("CREATE DATABASE shop")
    yield {**mariadb.settings, "NAME": "shop"}
    mariadb.revive()
    mariadb.end_connections("shop")  # which may hold locks that a DROP would wait for
    mariadb.execute("DROP DATABASE shop")


@pytest.fixture(params=["sqlite", "postgres", "maria"])
def options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What Django's settings say of a good, empty database."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def lock() -> Callable[[str], AbstractContextManager[None]]:
    """Locks the table of the migrations; with SQLite, where there is no such lock, the database."""

    @contextmanager
    def lock(alias: str) -> Iterator[None]:
        connection = connections[alias].copy()
        begin, end = {
            "sqlite": ("BEGIN EXCLUSIVE", "COMMIT"),
            "postgresql": ("BEGIN; LOCK TABLE django_migrations", "COMMIT"),
            "mysql": ("LOCK TABLES django_migrations WRITE", "UNLOCK TABLES"),
        }[connection.vendor]
        with closing(connection), connection.cursor() as cursor:
            cursor.execute(begin)
            yield
            cursor.execute(end)

    return lock


@pytest.fixture(
    params=["django.core.cache.backends.redis.RedisCache", "django_redis.cache.RedisCache"]
)
def backend(request: pytest.FixtureRequest) -> str:
    """What makes a cache of a Redis."""
    return request.param


@pytest.fixture
def redis_cache(backend: str, redis_server: Redis, settings) -> Iterator[BaseCache]:
    """A cache in a Redis, by either backend."""
    settings.CACHES = {"shop": {"BACKEND": backend, "LOCATION": redis_server.url}}
    yield caches["shop"]
    caches["shop"].close()
