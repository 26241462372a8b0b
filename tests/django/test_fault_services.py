"""PostgreSQL and Redis freeze, stop, restart and come back under real servers."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import django
import psutil
import pytest

from tests.support.faults import PATIENCE, messages, migrate, serve
from tests.support.waiting import settle
from tests.support.web import Answer

pytestmark = pytest.mark.once

CHECKS = [
    "dockerflow.django.checks.check_database_connected",
    "dockerflow.django.checks.check_migrations_applied",
]
REDIS_CHECKS = [
    "dockerflow.django.checks.check_redis_connected",
    "dockerflow.django.checks.check_caches",
]
HUNG = {
    "check_database_connected": {
        "dockerflow.health.C001": "check_database_connected[default] has been running for # s,"
        " since #"
    },
    "check_migrations_applied": {
        "dockerflow.health.I003": "check_migrations_applied[default] has been waiting for # s for"
        " check_database_connected[default], which has been running since #"
    },
}
KINDS = ["sync", "gthread", "uvicorn", "gevent"]
POOL = [{"POOL": "1"}] * (django.VERSION >= (5, 1))


class Prober(threading.Thread):
    """Asks every so often, whether the last one was answered or not, and keeps what it got."""

    def __init__(self, server, path, every, patience):
        super().__init__()
        self.server, self.path, self.every, self.patience = server, path, every, patience
        self.ended = threading.Event()
        self.answers = []  # the second in which it was asked, and an Answer or an exception

    def run(self):
        with ThreadPoolExecutor(50) as pool:
            while not self.ended.wait(self.every):
                pool.submit(self.ask, time.monotonic())

    def ask(self, when):
        try:
            answer = self.server.get(self.path, timeout=self.patience)
        except OSError as error:
            answer = error
        self.answers.append((when, answer))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exception):
        self.ended.set()
        self.join()

    def between(self, start, end):
        return [answer for when, answer in sorted(self.answers) if start <= when < end]


@pytest.mark.parametrize(("timeout", "seconds"), [(1, 8), (5, 75)])
def test_a_frozen_postgresql_holds_nobody_up(postgresql, timeout, seconds):
    environment = {
        "DATABASE_URL": postgresql.url,
        "CONN_MAX_AGE": "600",
        "DOCKERFLOW_HEARTBEAT_TIMEOUT": str(timeout),
    }
    with ExitStack() as stack:
        servers = [stack.enter_context(serve(kind, *CHECKS, **environment)) for kind in KINDS]
        migrate(servers[0])
        warm = [server.get("/__heartbeat__") for server in servers for _ in range(10)]
        assert {answer.status for answer in warm} == {200}
        workers = [server.workers() for server in servers]
        with ExitStack() as probing:
            heartbeats = [
                probing.enter_context(Prober(server, "/__heartbeat__", 2, patience=PATIENCE))
                for server in servers
            ]
            probes = [
                probing.enter_context(Prober(server, "/__lbheartbeat__", 1, patience=2))
                for server in servers
            ]
            time.sleep(0.5)  # between two heartbeats
            frozen = time.monotonic()
            postgresql.freeze()
            time.sleep(seconds)
            postgresql.thaw()
            thawed = time.monotonic()
            time.sleep(3)
        end = time.monotonic()
        assert [server.workers() for server in servers] == workers
    first_timeout = frozen + 2 + timeout
    for kind, heartbeat, probe in zip(KINDS, heartbeats, probes, strict=True):
        # Later than this, a worker that has not met the frozen database yet meets the thaw.
        during = heartbeat.between(frozen, thawed - timeout)
        assert [type(answer) for answer in during] == [Answer] * len(during), kind
        assert [messages(answer) for answer in during] == [HUNG] * len(during), kind
        assert max(answer.seconds for answer in during) < timeout + 2, kind
        # Each of two workers waits once, and those wait with it who come every 2 s meanwhile.
        waited = [answer for answer in during if answer.seconds > timeout / 2]
        assert len(waited) <= 2 + timeout // 2 < len(during), kind
        after = [answer.status for answer in heartbeat.between(thawed, end)]
        assert after == [200] * len(after) != [], kind
        alive = probe.between(first_timeout, end)
        assert [getattr(answer, "status", answer) for answer in alive] == [200] * len(alive), kind
        assert len(alive) > 0


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        *[(kind, {"CONN_MAX_AGE": "600"}) for kind in KINDS],
        ("gthread", {"CONN_MAX_AGE": "600", "CONN_HEALTH_CHECKS": "1"}),
        *[("gthread", settings) for settings in POOL],
    ],
)
def test_the_heartbeat_after_a_restart_of_postgresql_passes(postgresql, kind, settings):
    with serve(kind, *CHECKS, DATABASE_URL=postgresql.url, **settings) as server:
        migrate(server)
        before = {server.get("/__heartbeat__").status for _ in range(10)}
        postgresql.restart()
        after = {server.get("/__heartbeat__").status for _ in range(10)}
    assert (before, after) == ({200}, {200})


@pytest.mark.parametrize("kind", KINDS)
def test_a_stopped_postgresql_is_named_and_noticed_when_it_is_back(postgresql, kind):
    with serve(kind, *CHECKS, DATABASE_URL=postgresql.url, CONN_MAX_AGE="600") as server:
        migrate(server)
        before = server.get("/__heartbeat__")
        postgresql.stop()
        stopped = [server.get("/__heartbeat__") for _ in range(2)]
        postgresql.start()
        after = server.get("/__heartbeat__")
    assert (before.status, after.status) == (200, 200)
    for answer in stopped:
        assert [(name, list(said)) for name, said in messages(answer).items()] == [
            ("check_database_connected", ["dockerflow.health.E001"]),
            ("check_migrations_applied", ["dockerflow.health.I001"]),
        ]
        text = messages(answer)["check_database_connected"]["dockerflow.health.E001"]
        assert text.startswith('Could not connect to database "default": ')


@pytest.mark.parametrize("kind", ["gthread", "uvicorn"])
@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({"CONN_MAX_AGE": "600"}, 1),
        ({"CONN_MAX_AGE": "0"}, 0),
        *[(settings, 4) for settings in POOL],
    ],
)
def test_five_hundred_heartbeats_leave_one_connection_or_none(postgresql, kind, settings, kept):
    environment = {"DATABASE_URL": postgresql.url, "PGAPPNAME": "heartbeats", **settings}
    checks = [*CHECKS, "counts_users", "counts_users_bit_by_bit"]
    checks += ["counts_users_async", "decorated", "tests.support.shards.check_orders"]

    with serve(kind, *checks, **environment) as server, ThreadPoolExecutor(8) as pool:

        def statuses(count):
            answers = pool.map(lambda _: server.get("/__heartbeat__"), range(count))
            return {answer.status for answer in answers}

        migrate(server)
        process = psutil.Process([server.pid, *server.workers()][-1])
        assert statuses(100) == {200}
        threads = process.num_threads()
        assert statuses(400) == {200}
        settle(lambda: postgresql.connections("heartbeats") == kept)
        settle(lambda: process.num_threads() <= threads)


def test_without_persistent_connections_a_heartbeat_opens_one(postgresql):
    def opened():
        sql = "SELECT sessions FROM pg_stat_database WHERE datname = 'counted'"
        return postgresql.execute(sql)[0][0]

    postgresql.execute("CREATE DATABASE counted")
    url = postgresql.url.removesuffix("postgres") + "counted"
    with serve("gthread", *CHECKS, DATABASE_URL=url, CONN_MAX_AGE="0") as server:
        migrate(server)
        settle(lambda: opened() == 1)
        statuses = [server.get("/__heartbeat__").status for _ in range(10)]
        settle(lambda: opened() >= 11)
    assert (statuses, opened()) == ([200] * 10, 11)
    postgresql.execute("DROP DATABASE counted")


@pytest.mark.parametrize("kind", ["gthread", "uvicorn", "gevent"])
@pytest.mark.parametrize("backend", ["django.core.cache.backends.redis", "django_redis.cache"])
def test_redis_freezes_stops_and_restarts(redis_server, kind, backend):
    with serve(
        kind,
        *REDIS_CHECKS,
        CACHE_BACKEND=f"{backend}.RedisCache",
        CACHE_URL=redis_server.url,
        DOCKERFLOW_HEARTBEAT_TIMEOUT="1",
    ) as server:
        story = [server.get("/__heartbeat__")]
        redis_server.freeze()
        story += [server.get("/__heartbeat__") for _ in range(2)]
        redis_server.thaw()
        settle(lambda: server.get("/__heartbeat__").status == 200)
        redis_server.restart()
        story.append(server.get("/__heartbeat__"))
        redis_server.stop()
        story.append(server.get("/__heartbeat__"))
        redis_server.start()
        story.append(server.get("/__heartbeat__"))
    ids = [{name: list(said) for name, said in messages(answer).items()} for answer in story]
    good = {"check_redis_connected": [], "check_caches": []}
    hung = {
        "check_redis_connected": ["dockerflow.health.C001"],
        "check_caches": ["dockerflow.health.I003"],
    }
    refused = {
        "check_redis_connected": ["dockerflow.health.E004"],
        "check_caches": ["dockerflow.health.E011"],
    }
    assert ids == [good, hung, hung, good, refused, good]
    assert max(answer.seconds for answer in story) < PATIENCE
