"""What breaks in a chaos run, and what a heartbeat says of it."""

import contextlib
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.proxy import ChaosProxy
from tests.support.process import HOST, Process
from tests.support.services import PostgreSQL, Redis
from tests.support.watchdog import family, send

CONNECTED, MIGRATED = "check_database_connected", "check_migrations_applied"
REDIS, CACHE = "check_redis_connected", "check_caches"
HEALTHY = "healthy"  # the alias of the database and of the cache that nothing happens to
MAX_CONNECTIONS = 40
SLOW = 0.05  # seconds

Ids = Mapping[str, set[str]]
# What they may say while a fault begins or ends: that may be between any two queries.
AT_ALL: Ids = {
    CONNECTED: {"E001", "E002", "C001"},
    MIGRATED: {"E002", "I001", "I003", "C001"},
    REDIS: {"E004", "E007", "C001"},
    CACHE: {"E011", "E012", "I003", "C001"},
}


@dataclass(frozen=True)
class Kind:
    """How the checks of one kind of service fail: by check, the messages it may have.

    :param certain: the checks and subjects that fail while the service is away
    """

    name: str
    refused: Ids
    hung: Ids
    certain: frozenset[tuple[str, str]]


DATABASES = Kind(
    "PostgreSQL",
    refused={CONNECTED: {"E001"}, MIGRATED: {"I001"}},
    hung={CONNECTED: {"E001", "C001"}, MIGRATED: {"I001", "I003"}},
    certain=frozenset({(CONNECTED, "default"), (CONNECTED, "fresh")}),
)
REDIS_AWAY: Ids = {REDIS: {"E004"}, CACHE: {"E011"}}
CACHES = Kind("Redis", REDIS_AWAY, REDIS_AWAY, frozenset({(REDIS, "default"), (CACHE, "default")}))


@dataclass(frozen=True)
class Fault:
    """Something that breaks.

    :param kind: the kind of service whose checks it fails; None where all go on passing
    :param ids: by check, the messages it may have while this lasts
    :param certain: the checks and subjects that fail for certain while this lasts
    :param may_flap: whether a check may pass for a moment meanwhile
    :param lasts: whether there is anything to wait for between its beginning and its end
    """

    name: str
    begin: Callable[[], object]
    end: Callable[[], object]
    kind: Kind | None = None
    ids: Ids = field(default_factory=dict)
    certain: frozenset[tuple[str, str]] = frozenset()
    may_flap: bool = False
    lasts: bool = True

    @property
    def touched(self) -> Ids:
        """By check, the messages it may have while this begins or ends."""
        return {check: AT_ALL[check] for check in self.kind.refused} if self.kind else {}


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
        stack.callback(self._close)
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

    def connections(self, name: str) -> int:
        """How many a client of this PGAPPNAME has to PostgreSQL."""
        return self.postgresql.connections(name)

    def redis_connections(self) -> int:
        """How many all clients have to the Redis that breaks, without the one that asks."""
        with self.redis.driver.Redis.from_url(self.redis.url) as client:
            return len(client.client_list()) - 1

    def lock(self) -> None:
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

    def _close(self) -> None:
        while self._connections:
            self._connections.pop().close()

    def _connect(self, user: str) -> Any:
        url = self._url(self.postgresql.port, user)
        connection = self.postgresql.driver.connect(url, autocommit=True)
        self._connections.append(connection)
        return connection

    def _url(self, port: int, user: str = "shop") -> str:
        return f"postgres://{user}@{HOST}:{port}/shop"

    def faults(self, *, can_drop: bool) -> list[Fault]:
        """Every fault there is, in a fixed order."""
        return [
            *_faults(DATABASES, self.postgresql, self.to_postgresql, can_drop),
            Fault(
                "django_migrations locked",
                self.lock,
                self._close,
                DATABASES,
                ids={MIGRATED: {"E002"}},
                certain=frozenset({(MIGRATED, "default"), (MIGRATED, "fresh")}),
            ),
            Fault(
                "max_connections in use",
                self.exhaust,
                self._close,
                DATABASES,
                ids=DATABASES.refused,
                certain=frozenset({(CONNECTED, "fresh")}),  # the other has its connection
                may_flap=True,
            ),
            *_faults(CACHES, self.redis, self.to_redis, can_drop),
        ]


def _faults(kind: Kind, service: Process, proxy: ChaosProxy, can_drop: bool) -> Iterator[Fault]:
    def kill() -> None:
        send(signal.SIGKILL, family(service.pid))

    def break_off() -> None:
        proxy.is_breaking_off = True

    def slow() -> None:
        proxy.delay = SLOW

    def heal() -> None:
        proxy.is_breaking_off = False
        proxy.delay = 0.0

    refused, hung = (kind, kind.refused, kind.certain), (kind, kind.hung, kind.certain)
    yield Fault(f"{kind.name} frozen", service.freeze, service.thaw, *hung)
    yield Fault(f"{kind.name} killed", kill, service.revive, *refused)
    yield Fault(
        f"{kind.name} restarted", service.restart, lambda: None, kind, kind.refused, lasts=False
    )
    yield Fault(f"{kind.name} refuses", proxy.cut, proxy.restore, *refused)
    yield Fault(f"{kind.name} silent", proxy.silence, proxy.restore, *hung)
    yield Fault(f"{kind.name} breaks off", break_off, heal, *refused)
    yield Fault(f"{kind.name} slow", slow, heal)
    if can_drop:
        yield Fault(f"packets to {kind.name} dropped", proxy.drop, proxy.deliver, *hung)
