"""The database checks in whole heartbeats: each failure named, after one attempt and one wait."""

import re
import socket
import threading
import time
import uuid
from contextlib import closing, contextmanager

import pytest
from django.core.management import call_command
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from dockerflow.django.checks import database_aliases, subjects
from tests.support.browser import BROWSERS
from tests.support.databases import limited
from tests.support.waiting import settle

CONNECTED = "check_database_connected"
MIGRATED = "check_migrations_applied"
UNREACHABLE = "dockerflow.health.E001"
UNUSABLE = "dockerflow.health.E002"
CANNOT_ASK = "dockerflow.health.I001"


@pytest.fixture
def alias():
    """One that no other test has: the heartbeat's thread keeps the connection to each."""
    return f"shop_{uuid.uuid4().hex[:8]}"


@pytest.fixture
def ask(settings):
    """Asks for a heartbeat: the status, the ids of the messages of each check, and the seconds."""
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"
    settings.DOCKERFLOW_CHECKS = [CONNECTED, MIGRATED]
    if connections["default"].settings_dict["NAME"] == ":memory:":
        # With this open, a heartbeat stays in this thread and uses its connections.
        BaseDatabaseWrapper.close(connections["default"])

    def ask():
        started = time.monotonic()
        response = BROWSERS["sync"]("/__heartbeat__")
        took = time.monotonic() - started
        details = response.json()["details"]
        ids = {name: list(result["messages"]) for name, result in details.items()}
        return response.status_code, ids, took

    return ask


PASSED = {CONNECTED: [], MIGRATED: []}
UNREACHABLE_IDS = {CONNECTED: [UNREACHABLE], MIGRATED: [CANNOT_ASK]}
UNUSABLE_IDS = {CONNECTED: [UNUSABLE], MIGRATED: [CANNOT_ASK]}
MIGRATIONS_UNREADABLE_IDS = {CONNECTED: [], MIGRATED: [UNUSABLE]}


def migrate(alias):
    call_command("migrate", database=alias, verbosity=0, skip_checks=True)


@pytest.fixture
def migrated(add, options, settings):
    """What Django's settings say of a good, migrated database."""
    add("owner", **options)
    migrate("owner")
    settings.DOCKERFLOW_DATABASES = []
    return options


@pytest.fixture
def migrated_postgres(add, postgres, settings):
    add("owner", **postgres)
    migrate("owner")
    settings.DOCKERFLOW_DATABASES = []
    return postgres


# One attempt to connect, one wait


@pytest.fixture
def silent():
    """The port of a server that answers nobody, and those who have called it."""
    callers = []

    def accept():
        while True:
            try:
                callers.append(server.accept()[0])
            except OSError:
                return

    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        thread = threading.Thread(target=accept)
        thread.start()
        yield server.getsockname()[1], callers
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
    for caller in callers:
        caller.close()


@pytest.mark.once
def test_a_server_that_is_silent_is_called_once_a_heartbeat_and_named(add, ask, alias, silent):
    port, callers = silent
    engine = "django.db.backends.postgresql"
    options = {"ENGINE": engine, "NAME": "shop", "HOST": "127.0.0.1", "PORT": port}
    add(alias, **options, OPTIONS={"connect_timeout": 2})
    story = [(*ask(), len(callers)) for _ in range(3)]

    assert [(status, ids, calls) for status, ids, _, calls in story] == [
        (500, UNREACHABLE_IDS, number) for number in (1, 2, 3)
    ]
    assert all(2 <= took < 3 for _, _, took, _ in story)


@pytest.mark.once
def test_a_pool_that_is_exhausted_is_named_after_one_wait(add, ask, alias, migrated_postgres):
    pool = {"min_size": 1, "max_size": 1, "timeout": 1}
    add(alias, **migrated_postgres, OPTIONS={"pool": pool})
    first = ask()
    connections[alias].ensure_connection()  # takes the only one
    second = ask()
    connections[alias].close()
    third = ask()
    connections[alias].close_pool()

    assert [answer[:2] for answer in (first, second, third)] == [
        (200, PASSED),
        (500, UNREACHABLE_IDS),
        (200, PASSED),
    ]
    assert 1 <= second[2] < 1.9


def test_an_error_of_the_backends_own_kind_is_named_after_one_attempt(add, ask, alias):
    pytest.importorskip("psycopg")
    from tests.support.token_backend.base import DatabaseWrapper  # noqa: PLC0415 (needs a driver)

    add(alias, ENGINE="tests.support.token_backend", NAME="shop")
    before = DatabaseWrapper.asked
    status, ids, _ = ask()

    assert (status, ids, DatabaseWrapper.asked - before) == (500, UNREACHABLE_IDS, 1)


@contextmanager
def in_transaction(options):
    """Somebody keeps a transaction open, and with it a connection of PgBouncer's."""
    import psycopg  # noqa: PLC0415 (only where there is a PostgreSQL)

    keys = {"host": "HOST", "port": "PORT", "dbname": "NAME", "user": "USER"}
    with psycopg.connect(**{key: options[name] for key, name in keys.items()}) as connection:
        connection.execute("SELECT 1")
        yield


@pytest.mark.once
@pytest.mark.parametrize(("max_age", "named"), [(0, UNREACHABLE_IDS), (60, UNUSABLE_IDS)])
def test_a_pgbouncer_that_is_exhausted_is_named_after_one_wait(
    add, ask, alias, migrated_postgres, pgbouncer, max_age, named
):
    options = {**migrated_postgres, "PORT": pgbouncer.port}
    add(alias, **options, CONN_MAX_AGE=max_age, DISABLE_SERVER_SIDE_CURSORS=True)
    first = ask()
    with in_transaction(options):
        second = ask()
    third = ask()

    assert [answer[:2] for answer in (first, second, third)] == [
        (200, PASSED),
        (500, named),
        (200, PASSED),
    ]
    assert 1 <= second[2] < 3.5


@pytest.mark.once
@pytest.mark.parametrize("max_age", [0, 60])
def test_a_lock_is_waited_for_once(add, ask, alias, migrated, lock, max_age):
    add(alias, **limited(migrated, 1), CONN_MAX_AGE=max_age)
    first = ask()
    with lock("owner"):
        second = ask()
    third = ask()

    # SQLite locks all or nothing
    is_sqlite = "sqlite" in migrated["ENGINE"]
    locked = UNUSABLE_IDS if is_sqlite else MIGRATIONS_UNREADABLE_IDS
    assert [answer[:2] for answer in (first, second, third)] == [
        (200, PASSED),
        (500, locked),
        (200, PASSED),
    ]
    assert 1 <= second[2] < 1.9


def test_a_locked_sqlite_database_is_named_within_the_deadline(
    add, ask, alias, sqlite, lock, settings
):
    settings.DOCKERFLOW_HEARTBEAT_TIMEOUT = 1
    add("owner", **sqlite)
    settings.DOCKERFLOW_DATABASES = []
    add(alias, **sqlite)  # which waits for 5 s
    with lock("owner"):
        status, ids, took = ask()

    assert (status, ids) == (500, UNUSABLE_IDS)
    assert 0.8 <= took < 1


# What is not asked


class NotHere:
    """No database but the default one takes migrations."""

    def allow_migrate(self, db, app_label, **hints):
        return db == "default"


@pytest.mark.parametrize("narrowed", ["by routers", "by brackets"])
def test_a_database_without_migrations_logs_no_error(
    add, ask, alias, postgresql, postgres, settings, narrowed
):
    add(alias, **postgres)
    if narrowed == "by routers":
        settings.DATABASE_ROUTERS = [f"{__name__}.NotHere"]
    else:
        settings.DOCKERFLOW_CHECKS = [f"{CONNECTED}[{alias}]"]
    before = len(postgresql.output)
    status, ids, _ = ask()

    assert (status, set(map(tuple, ids.values()))) == (200, {()})
    assert re.findall(r"(?:ERROR|FATAL): .*", postgresql.output[before:]) == []


# What is left behind


@pytest.mark.parametrize("name", ["postgres", "maria"])
def test_without_autocommit_no_transaction_stays_open(add, ask, alias, request, settings, name):
    options = request.getfixturevalue(name)
    add("owner", **options)
    migrate("owner")
    connections["owner"].close()
    settings.DOCKERFLOW_DATABASES = []
    add(alias, **options, AUTOCOMMIT=False, CONN_MAX_AGE=None)
    before = ask()[:2]
    server = request.getfixturevalue({"postgres": "postgresql", "maria": "mariadb"}[name])
    query = {
        "postgres": "SELECT state FROM pg_stat_activity WHERE datname = 'shop' AND state <> 'idle'",
        "maria": "SELECT trx_state FROM information_schema.innodb_trx",
    }[name]
    settle(lambda: not server.execute(query))  # the answer does not wait for the rollback

    assert before == (200, PASSED)


@subjects("database", database_aliases)
def check_that_ends_no_transaction(app_configs, database, **kwargs):
    transaction.atomic(using=database).__enter__()
    return []


def test_a_check_that_ends_no_transaction_breaks_no_later_heartbeat(
    add, ask, alias, postgresql, migrated_postgres, settings
):
    add(alias, **migrated_postgres, CONN_MAX_AGE=None)
    settings.DOCKERFLOW_CHECKS = [CONNECTED, f"{__name__}.check_that_ends_no_transaction"]
    answers = [ask()[:2] for _ in range(3)]
    query = "SELECT state FROM pg_stat_activity WHERE datname = 'shop' AND state <> 'idle'"
    settle(lambda: not postgresql.execute(query))

    assert answers == [(200, {CONNECTED: [], "check_that_ends_no_transaction": []})] * 3


@pytest.mark.parametrize("name", ["postgres", "maria"])
def test_the_heartbeat_after_a_restart_passes(add, ask, alias, request, name):
    add(alias, **request.getfixturevalue(name), CONN_MAX_AGE=None)
    migrate(alias)
    connections[alias].close()
    before = ask()[:2]
    request.getfixturevalue({"postgres": "postgresql", "maria": "mariadb"}[name]).restart()
    after = ask()[:2]

    assert (before, after) == ((200, PASSED), (200, PASSED))
