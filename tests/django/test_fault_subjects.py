"""Several databases under real servers: each is reported for itself, and none holds another up."""

import json
import re
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psutil
import pytest

from dockerflow.cli.verify.proxy import Proxy
from tests.support.delays import Distance
from tests.support.faults import messages, serve
from tests.support.process import HOST, python_path
from tests.support.waiting import settle

pytestmark = pytest.mark.once

CONNECTED, MIGRATED = "check_database_connected", "check_migrations_applied"
WRITABLE = "check_database_writable"
BOTH = [f"dockerflow.django.checks.{name}" for name in (CONNECTED, MIGRATED)]
C001, I001, I003 = (f"dockerflow.health.{number}" for number in ("C001", "I001", "I003"))
E001 = "dockerflow.health.E001"


@pytest.fixture
def migrate():
    """Migrates the database of a URL."""

    def migrate(url):
        subprocess.run(
            [sys.executable, "-m", "django", "migrate", "--skip-checks", "--verbosity=0"],
            env={
                "DJANGO_SETTINGS_MODULE": "tests.settings",
                "PYTHONPATH": python_path(),
                "DATABASE_URL": url,
            },
            check=True,
        )

    return migrate


@pytest.fixture
def url(postgresql, migrate):
    """Makes the URL of the same migrated database, at another port."""
    migrate(postgresql.url)

    def url(port=postgresql.port):
        return f"postgres://postgres@{HOST}:{port}/postgres"

    return url


def servers(kind, urls, **environment):
    return serve(
        kind,
        *BOTH,
        DATABASE_URLS=json.dumps(urls),
        **{"CONN_MAX_AGE": "600", "DOCKERFLOW_HEARTBEAT_TIMEOUT": "1", **environment},
    )


def by_subject(answer, check):
    """The status of each subject of a check."""
    subjects = answer.json()["details"][check]["subjects"]
    return {alias: found["status"] for alias, found in subjects.items()}


def test_ten_databases_take_hardly_longer_than_one(postgresql, url):
    with ExitStack() as stack:
        far = stack.enter_context(Distance(HOST, postgresql.port, 0.02))
        one, ten = (
            stack.enter_context(
                servers(
                    "gthread",
                    {alias: url(far.port) for alias in ["default", *"abcdefghi"][:count]},
                    DOCKERFLOW_HEARTBEAT_TIMEOUT="5",
                )
            )
            for count in (1, 10)
        )
        seconds = {one: [], ten: []}
        for number in range(12):
            for server, taken in seconds.items():
                answer = server.get("/__heartbeat__")
                assert answer.status == 200
                if number >= 4:  # by then both workers are connected
                    taken.append(answer.seconds)
    assert min(seconds[one]) > 0.02
    assert statistics.median(seconds[ten]) < 1.5 * statistics.median(seconds[one])


@pytest.mark.parametrize("kind", ["sync", "gthread", "uvicorn", "gevent"])
def test_a_database_that_refuses_and_one_that_is_silent_are_named_and_a_third_is_fine(
    postgresql, url, kind
):
    with Proxy(HOST, postgresql.port) as silent:
        silent.silence()
        urls = {"default": url(1), "silent": url(silent.port), "fine": url()}
        with servers(kind, urls) as server:
            answers = [server.get("/__heartbeat__") for _ in range(12)]
    for answer in answers:
        found = messages(answer)
        assert found[CONNECTED].pop(E001).startswith('Could not connect to database "default": ')
        assert (
            found[MIGRATED]
            .pop(I001)
            .startswith('Could not read the migrations of database "default": ')
        )
        assert found == {
            CONNECTED: {C001: f"{CONNECTED}[silent] has been running for # s, since #"},
            MIGRATED: {
                I003: f"{MIGRATED}[silent] has been waiting for # s for {CONNECTED}[silent],"
                " which has been running since #"
            },
        }
        assert by_subject(answer, CONNECTED) == {
            "default": "error",
            "silent": "critical",
            "fine": "ok",
        }
        assert by_subject(answer, MIGRATED) == {"default": "info", "silent": "info", "fine": "ok"}
        assert (answer.status, answer.json()["status"]) == (500, "critical")
    slow = [answer for answer in answers if answer.seconds > 0.5]
    assert len(slow) <= 2  # the first of each worker
    assert max(answer.seconds for answer in answers) < 3


def test_a_silent_server_is_dialled_once_a_heartbeat_and_named_when_the_driver_gives_up(
    postgresql, url
):
    with Proxy(HOST, postgresql.port) as silent:
        silent.silence()
        urls = {"default": url(silent.port) + "?connect_timeout=2"}
        with servers("gthread", urls, DOCKERFLOW_HEARTBEAT_TIMEOUT="5") as server:
            answers = [server.get("/__heartbeat__") for _ in range(3)]
        dialled = silent.connections
    assert [list(messages(answer)[CONNECTED]) for answer in answers] == [[E001]] * 3
    assert [list(messages(answer)[MIGRATED]) for answer in answers] == [[I001]] * 3
    assert dialled == 3


@pytest.mark.parametrize("how", ["refused", "silent"])
def test_a_replica_that_may_be_down_is_shown_and_fails_nothing(postgresql, url, how):
    optional = {"DOCKERFLOW_OPTIONAL_CHECKS": f"{CONNECTED}[replica]"}
    with Proxy(HOST, postgresql.port) as proxy:
        proxy.silence()
        urls = {"default": url(), "replica": url(1 if how == "refused" else proxy.port)}
        with servers("gthread", urls, **optional) as server:
            answers = [server.get("/__heartbeat__") for _ in range(6)]
            logged = [line for line in server.output.splitlines() if "check_" in line]
            severities = {json.loads(line)["Severity"] for line in logged if line.startswith("{")}
    for answer in answers:
        assert (answer.status, answer.json()["status"]) == (200, "info")
        assert answer.json()["checks"] == {
            CONNECTED: "error" if how == "refused" else "critical",
            MIGRATED: "info",
        }
        replica = answer.json()["details"][CONNECTED]["subjects"]["replica"]
        assert replica["optional"] is True
    assert severities == {4}  # a warning


@pytest.mark.parametrize("how", ["refused", "silent"])
def test_a_replica_that_must_take_writes_fails_the_heartbeat_though_its_connection_is_optional(
    postgresql, url, how
):
    checks = {
        "DOCKERFLOW_CHECKS": f"{CONNECTED},{WRITABLE}",
        "DOCKERFLOW_OPTIONAL_CHECKS": f"{CONNECTED}[replica]",
    }
    with Proxy(HOST, postgresql.port) as proxy:
        proxy.silence()
        urls = {"default": url(), "replica": url(1 if how == "refused" else proxy.port)}
        with servers("gthread", urls, **checks) as server:
            answers = [server.get("/__heartbeat__") for _ in range(4)]
            dialled = proxy.connections
    assert [answer.status for answer in answers[1:]] == [500] * 3
    assert [list(messages(answer)[WRITABLE]) for answer in answers[1:]] == [[E001]] * 3
    if how == "silent":
        assert dialled <= 2  # one a process


def test_fifty_databases_half_of_them_silent_answer_in_time_and_all_come_back(postgresql, url):
    aliases = ["default", *(f"alias{number}" for number in range(1, 50))]
    with Proxy(HOST, postgresql.port) as proxy:
        proxy.silence()
        urls = {
            alias: url(proxy.port if n % 2 else postgresql.port) for n, alias in enumerate(aliases)
        }
        # One process; more connections than a PostgreSQL takes are not the point here.
        with servers("uvicorn", urls, CONN_MAX_AGE="0", DOCKERFLOW_HEARTBEAT_TIMEOUT="3") as server:
            process = psutil.Process(server.pid)
            before = process.num_threads()
            answers = [server.get("/__heartbeat__") for _ in range(3)]
            threads = process.num_threads() - before
            proxy.restore()
            settle(lambda: server.get("/__heartbeat__").status == 200)
            after = server.get("/__heartbeat__")
    expected = {alias: "critical" if n % 2 else "ok" for n, alias in enumerate(aliases)}
    assert [by_subject(answer, CONNECTED) for answer in answers] == [expected] * 3
    assert answers[0].seconds < 3.5
    assert max(answer.seconds for answer in answers[1:]) < 3
    assert threads <= 50 + 4  # and those of asgiref and the event loop
    assert by_subject(after, CONNECTED) == dict.fromkeys(aliases, "ok")


@pytest.fixture
def counted(postgresql, migrate):
    """Counts what 100 heartbeats of four processes cost a database."""

    def sessions():
        sql = "SELECT sessions FROM pg_stat_database WHERE datname = 'counted'"
        return postgresql.execute(sql)[0][0]

    def queries():
        return len(re.findall('SELECT 1|FROM "django_migrations"', postgresql.output))

    def counted(**environment):
        """Queries, new connections, connections that stay."""
        postgresql.execute("CREATE DATABASE counted")
        postgresql.execute("ALTER DATABASE counted SET log_statement = 'all'")
        url = postgresql.url.removesuffix("postgres") + "counted"
        migrate(url)
        settle(lambda: sessions() == 1)
        environment |= {"DATABASE_URL": url, "PGAPPNAME": "heartbeats"}
        with (
            serve("sync", *BOTH, arguments=["--workers=4"], **environment) as server,
            ThreadPoolExecutor(4) as pool,
        ):
            before = queries()
            answers = list(pool.map(lambda _: server.get("/__heartbeat__"), range(100)))
            assert {answer.status for answer in answers} == {200}
            time.sleep(1.5)  # PostgreSQL counts sessions once a second
            return queries() - before, sessions() - 1, postgresql.connections("heartbeats")

    return counted


# The formulas are those of docs/fast-and-safe.rst.


def test_without_persistent_connections_each_heartbeat_costs_one_and_two_queries(counted):
    assert counted(CONN_MAX_AGE="0") == (200, 100, 0)


def test_each_process_keeps_a_connection_where_they_persist(counted):
    queries, connected, kept = counted(CONN_MAX_AGE="600")
    assert (queries, connected) == (200, kept)
    assert 1 <= kept <= 4  # as many as were asked


def test_with_a_ttl_each_process_asks_once(counted):
    queries, connected, kept = counted(CONN_MAX_AGE="600", DOCKERFLOW_HEARTBEAT_TTL="600")
    assert (queries, connected) == (2 * kept, kept)
    assert 1 <= kept <= 4


def test_within_the_ttl_a_burst_of_heartbeats_runs_a_check_once(tmp_path):
    runs = tmp_path / "runs"
    with (
        serve(
            "uvicorn",
            "takes_a_while",
            RUNS_FILE=str(runs),
            DOCKERFLOW_HEARTBEAT_TTL="60",
        ) as server,
        ThreadPoolExecutor(50) as pool,
    ):
        for _ in range(4):
            answers = list(pool.map(lambda _: server.get("/__heartbeat__").status, range(100)))
            assert answers == [200] * 100
            time.sleep(0.1)
    assert len(runs.read_text().splitlines()) == 1
