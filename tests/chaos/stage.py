"""The databases and caches of a chaos run."""

import contextlib
import time
from contextlib import ExitStack
from typing import Any

from tests.chaos.proxy import ChaosProxy
from tests.support.process import HOST
from tests.support.services import PostgreSQL, Redis

MAX_CONNECTIONS = 40


class Stage:
    """The services that servers need, each behind a proxy, and a healthy one beside each."""

    def __init__(self, stack: ExitStack) -> None:
        self.postgresql = stack.enter_context(PostgreSQL())
        self.redis = stack.enter_context(Redis())
        self.healthy_redis = stack.enter_context(Redis())
        self.to_postgresql = stack.enter_context(ChaosProxy(HOST, self.postgresql.port))
        self.to_redis = stack.enter_context(ChaosProxy(HOST, self.redis.port))
        self.had_redis_connections = 0
        self._connections: list[Any] = []
        stack.callback(self.release)
        self.postgresql.execute("CREATE ROLE shop LOGIN")
        self.postgresql.execute("CREATE DATABASE shop OWNER shop")
        self.postgresql.execute(f"ALTER SYSTEM SET max_connections = {MAX_CONNECTIONS}")
        self.postgresql.restart()

    def environment(self) -> dict[str, str]:
        """What tests.chaos.settings reads."""
        return {
            "CHAOS_POSTGRESQL": self._url(self.to_postgresql.port),
            "CHAOS_SQLITE": str(self.redis.folder / "healthy.sqlite3"),
            "CHAOS_REDIS": f"redis://{HOST}:{self.to_redis.port}/0",
            "CHAOS_HEALTHY_REDIS": self.healthy_redis.url,
        }

    def redis_connections(self) -> int:
        """How many all clients have to the Redis that breaks, without the one that asks."""
        with self.redis.driver.Redis.from_url(self.redis.url) as client:
            return len(client.client_list()) - 1

    def lock(self) -> None:
        """Let nobody read the applied migrations."""
        connection = self._connect("postgres")
        connection.execute("BEGIN")
        connection.execute("LOCK TABLE django_migrations IN ACCESS EXCLUSIVE MODE")

    def exhaust(self) -> None:
        """Take all connections there are, also those that are given back within a second."""
        end = time.monotonic() + 1
        while time.monotonic() < end:
            with contextlib.suppress(self.postgresql.driver.OperationalError):
                while True:
                    self._connect("shop")
            time.sleep(0.01)

    def release(self) -> None:
        """Undo :meth:`lock` or :meth:`exhaust`."""
        while self._connections:
            self._connections.pop().close()

    def _connect(self, user: str) -> Any:
        url = self._url(self.postgresql.port, user)
        connection = self.postgresql.driver.connect(url, autocommit=True)
        self._connections.append(connection)
        return connection

    def _url(self, port: int, user: str = "shop") -> str:
        return f"postgres://{user}@{HOST}:{port}/shop"
