"""What breaks in a chaos run, and what a heartbeat says of it."""

import contextlib
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from tests.chaos.proxy import ChaosProxy
from tests.support.process import HOST, Process
from tests.support.services import PostgreSQL, Redis
from tests.support.watchdog import family, send

CONNECTED, MIGRATED = "check_database_connected", "check_migrations_applied"
REDIS, CACHE = "check_redis_connected", "check_caches"
HEALTHY = "healthy"  # the alias of the database and of the cache that nothing happens to
TIMEOUT = 3  # seconds, of a heartbeat
MAX_CONNECTIONS = 40
SLOW = 0.05  # seconds
ONSET = 0.3  # seconds, of a fault that makes no run wait

Ids = Mapping[str, set[str]]  # by check, the messages it may have
Pairs = frozenset[tuple[str, str]]  # checks and subjects


@dataclass(frozen=True)
class Failure:
    """What heartbeats say while something is broken.

    :param ids: the messages; none of checks that go on passing
    :param certain: sets of checks and subjects, in each of which one fails for certain
    :param onset: seconds until all this is so: a heartbeat shares the runs that are under way, and
        these may have begun before
    """

    ids: Ids = field(default_factory=dict)
    certain: tuple[Pairs, ...] = ()
    onset: float = ONSET

    @property
    def edges(self) -> Ids:
        """The messages while it begins or ends, which may be between any two queries."""
        return next((ids for ids in EDGES if self.ids and self.ids.keys() <= ids.keys()), {})


EDGES: list[Ids] = [
    {CONNECTED: {"E001", "E002", "C001", "I003"}, MIGRATED: {"E002", "I001", "I003", "C001"}},
    {REDIS: {"E004", "E007", "C001", "I003"}, CACHE: {"E011", "E012", "I003", "C001"}},
]


def each(*pairs: tuple[str, str]) -> tuple[Pairs, ...]:
    return tuple(frozenset({pair}) for pair in pairs)


NONE = Failure()
DATABASE_REFUSED = Failure(
    {CONNECTED: {"E001"}, MIGRATED: {"I001"}}, each((CONNECTED, "default"), (CONNECTED, "fresh"))
)
# Either check may be the one that hangs, and the other waits for it.
DATABASE_HUNG = Failure(
    {CONNECTED: {"E001", "C001", "I003"}, MIGRATED: {"I001", "C001", "I003"}},
    tuple(frozenset({(CONNECTED, alias), (MIGRATED, alias)}) for alias in ("default", "fresh")),
    onset=TIMEOUT + ONSET,
)
LOCKED = Failure(
    {MIGRATED: {"E002"}},
    each((MIGRATED, "default"), (MIGRATED, "fresh")),
    onset=1 + ONSET,  # their statement_timeout
)
# The other one has its connection already.
EXHAUSTED = Failure(DATABASE_REFUSED.ids, each((CONNECTED, "fresh")))
REDIS_REFUSED = Failure(
    {REDIS: {"E004"}, CACHE: {"E011"}}, each((REDIS, "default"), (CACHE, "default"))
)
# The client gives up before the heartbeat does.
REDIS_HUNG = replace(REDIS_REFUSED, onset=TIMEOUT + ONSET)


@dataclass(frozen=True)
class Fault:
    """Something that breaks.

    :param may_flap: whether a check may pass for a moment meanwhile
    :param lasts: whether there is anything to wait for between its beginning and its end
    """

    name: str
    begin: Callable[[], object]
    end: Callable[[], object]
    failure: Failure = NONE
    may_flap: bool = False
    lasts: bool = True


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
        database = DATABASE_REFUSED, DATABASE_HUNG, can_drop
        redis = REDIS_REFUSED, REDIS_HUNG, can_drop
        return [
            *_faults("PostgreSQL", self.postgresql, self.to_postgresql, *database),
            Fault("django_migrations locked", self.lock, self._close, LOCKED),
            Fault("max_connections in use", self.exhaust, self._close, EXHAUSTED, may_flap=True),
            *_faults("Redis", self.redis, self.to_redis, *redis),
        ]


def _faults(
    name: str,
    service: Process,
    proxy: ChaosProxy,
    refused: Failure,
    hung: Failure,
    can_drop: bool,
) -> Iterator[Fault]:
    def kill() -> None:
        send(signal.SIGKILL, family(service.pid))

    def break_off() -> None:
        proxy.is_breaking_off = True

    def slow() -> None:
        proxy.delay = SLOW

    def heal() -> None:
        proxy.is_breaking_off = False
        proxy.delay = 0.0

    restarting = Failure(refused.ids)
    yield Fault(f"{name} frozen", service.freeze, service.thaw, hung)
    yield Fault(f"{name} killed", kill, service.revive, refused)
    yield Fault(f"{name} restarted", service.restart, lambda: None, restarting, lasts=False)
    yield Fault(f"{name} refuses", proxy.cut, proxy.restore, refused)
    yield Fault(f"{name} silent", proxy.silence, proxy.restore, hung)
    yield Fault(f"{name} breaks off", break_off, heal, refused)
    yield Fault(f"{name} slow", slow, heal)
    if can_drop:
        yield Fault(f"packets to {name} dropped", proxy.drop, proxy.deliver, hung)
