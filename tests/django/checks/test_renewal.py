"""A query that fails: only a connection that was open before and is dead is replaced."""

import contextvars
import os
import subprocess
import sys
import time

import django
import pytest
from django.core import checks
from django.core.management import call_command
from django.db import connections
from django.db.backends.signals import connection_created

from dockerflow.django.checks import (
    check_database_connected,
    check_database_writable,
    check_migrations_applied,
)
from dockerflow.django.checks.database_rounds import begin_round, end_round, inline_round
from tests.support.databases import limited
from tests.support.messages import short
from tests.support.process import python_path

BOTH = [check_database_connected, check_migrations_applied]
UNREACHABLE = "dockerflow.health.E001"
UNUSABLE = "dockerflow.health.E002"
CANNOT_ASK = "dockerflow.health.I001"
UNREACHABLE_MESSAGE = (checks.ERROR, UNREACHABLE, 'Could not connect to database "shop": ...')
NO_QUERY = 'Database "shop" is connected, but a query failed: ...'
CANNOT_READ = 'Database "shop" is connected, but its migrations cannot be read: ...'
CANNOT_ASK_MESSAGE = (
    checks.INFO,
    CANNOT_ASK,
    'Could not read the migrations of database "shop": ...',
)


def heartbeat():
    """What the two checks return when they are run as in a heartbeat."""
    with inline_round():
        return [short(check, databases=["shop"]) for check in BOTH]


@pytest.fixture
def made():
    """The connections that were made to the database."""
    made = []

    def listen(connection, **kwargs):
        if connection.alias == "shop":
            made.append(connection.connection)

    connection_created.connect(listen)
    yield made
    connection_created.disconnect(listen)


@pytest.fixture(params=["postgres", "maria"])
def server(request, add):
    """A server with a migrated database, to which connections stay open."""
    options = request.getfixturevalue(request.param)
    add(**options, CONN_MAX_AGE=None)
    call_command("migrate", database="shop", verbosity=0, skip_checks=True)
    return request.getfixturevalue({"postgres": "postgresql", "maria": "mariadb"}[request.param])


@pytest.mark.parametrize("check", BOTH)
def test_a_connection_that_was_open_and_is_dead_is_replaced_once(server, made, check):
    made.clear()
    server.restart()

    assert (short(check), len(made)) == ([], 1)


def test_where_it_cannot_be_replaced_the_database_is_down(server, made):
    made.clear()
    server.stop()

    assert heartbeat() == [[UNREACHABLE_MESSAGE], [CANNOT_ASK_MESSAGE]]
    server.start()
    assert (heartbeat(), len(made)) == ([[], []], 1)


def test_a_connection_of_this_heartbeat_that_dies_is_not_replaced(server, made):
    connections["shop"].close()
    made.clear()

    def dies(execute, sql, *query):
        if sql == "SELECT 1":
            server.end_connections("shop")
        return execute(sql, *query)

    with connections["shop"].execute_wrapper(dies):
        story = heartbeat()

    assert (story, len(made)) == (
        [[(checks.ERROR, UNUSABLE, NO_QUERY)], [CANNOT_ASK_MESSAGE]],
        1,
    )


def test_a_connection_that_has_answered_in_this_heartbeat_is_not_replaced(server, made):
    made.clear()

    def dies(execute, sql, *query):
        if "django_migrations" in sql:
            server.end_connections("shop")
        return execute(sql, *query)

    with connections["shop"].execute_wrapper(dies):
        story = heartbeat()

    assert (story, made) == ([[], [(checks.ERROR, UNUSABLE, CANNOT_READ)]], [])


@pytest.mark.parametrize("max_age", [0, 60])
def test_a_query_that_fails_is_not_asked_again(add, options, lock, max_age):
    add("owner", **options)
    call_command("migrate", database="owner", verbosity=0, skip_checks=True)
    add(**limited(options, 1), CONN_MAX_AGE=max_age)
    assert heartbeat() == [[], []]
    asked = []

    def count(execute, sql, *query):
        asked.append(sql)
        return execute(sql, *query)

    with lock("owner"), connections["shop"].execute_wrapper(count):
        started = time.monotonic()
        story = heartbeat()
        took = time.monotonic() - started

    if "sqlite" in options["ENGINE"]:  # which locks all or nothing
        assert story == [[(checks.ERROR, UNUSABLE, NO_QUERY)], [CANNOT_ASK_MESSAGE]]
    else:
        assert story == [[], [(checks.ERROR, UNUSABLE, CANNOT_READ)]]
    assert len(asked) == len(set(asked))
    assert 0.9 < took < 1.6


def test_a_driver_that_gives_up_a_query_has_not_lost_its_connection(add, maria, lock, made):
    add("owner", **maria)
    call_command("migrate", database="owner", verbosity=0, skip_checks=True)
    add(**maria, OPTIONS={"read_timeout": 1}, CONN_MAX_AGE=None)
    assert heartbeat() == [[], []]
    made.clear()
    with lock("owner"):
        started = time.monotonic()
        story = short(check_migrations_applied, databases=["shop"])
        took = time.monotonic() - started

    assert (story, made) == ([(checks.ERROR, UNUSABLE, CANNOT_READ)], [])
    assert 0.9 < took < 1.6


# Pools


@pytest.fixture
def pool(add, postgres):
    """Django's own pool, with three connections to the migrated database."""
    add("owner", **postgres)
    call_command("migrate", database="owner", verbosity=0, skip_checks=True)
    add(**postgres, OPTIONS={"pool": {"min_size": 3, "max_size": 3, "timeout": 5}})
    pool = connections["shop"].pool
    pool.open(wait=True)
    yield pool
    connections["shop"].close()
    connections["shop"].close_pool()


if django.VERSION >= (5, 1):  # which brought the pool

    @pytest.mark.parametrize("check", BOTH)
    def test_the_connections_in_djangos_pool_are_replaced(pool, postgresql, check):
        postgresql.restart()

        assert short(check, databases=["shop"]) == []
        connections["shop"].close()
        pool.wait()
        assert heartbeat() == [[], []]


def test_a_pool_of_another_kind_is_left_alone(add, postgresql, postgres):
    add(**{**postgres, "ENGINE": "tests.support.pooling_backend", "OPTIONS": {"pool": True}})
    before = short(check_database_connected)
    connections["shop"].close()
    postgresql.restart()
    dead = short(check_database_connected)
    after = short(check_database_connected)

    assert (before, dead, after) == ([], [(checks.ERROR, UNUSABLE, NO_QUERY)], [])


def test_a_backend_that_counts_queries_is_like_djangos_own(add, postgresql, postgres):
    add(**{**postgres, "ENGINE": "django_prometheus.db.backends.postgresql"}, CONN_MAX_AGE=None)
    before = short(check_database_connected)
    postgresql.restart()

    assert (before, short(check_database_connected)) == ([], [])


# Other drivers


@pytest.mark.once
def test_psycopg2_says_the_same_in_other_ways(postgresql):
    program = """
import sys
sys.modules["psycopg"] = None  # Django takes the older driver only where there is no other
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from dockerflow.django import checks

call_command("migrate", verbosity=0)
for line in sys.stdin:
    if limit := line.strip():
        with connection.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = {limit}")
    found = [checks.check_database_connected(None), checks.check_migrations_applied(None)]
    print([[message.id for message in messages] for messages in found], flush=True)
print(connection.Database.__name__)
"""
    child = subprocess.Popen(
        [sys.executable, "-c", program],
        env={
            **os.environ,
            "DATABASE_URL": postgresql.url,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "PYTHONPATH": python_path(),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def ask(limit=""):
        child.stdin.write(f"{limit}\n")
        child.stdin.flush()
        return child.stdout.readline().strip()

    with child:
        story = [ask()]
        postgresql.restart()
        story.append(ask())
        with postgresql.driver.connect(postgresql.url) as blocker:
            blocker.execute("LOCK TABLE django_migrations")
            story.append(ask(limit=300))
        postgresql.execute("DROP TABLE django_migrations")
        story.append(ask())
        postgresql.stop()
        story.append(ask())
        module, _ = child.communicate()

    lacking = "'dockerflow.health.W001'"
    assert story == [
        "[[], []]",
        "[[], []]",
        "[[], ['dockerflow.health.E002']]",
        f"[[], [{', '.join([lacking] * 3)}]]",
        "[['dockerflow.health.E001'], ['dockerflow.health.I001']]",
    ]
    assert module == "psycopg2\n"


# Connections that are made and cannot be used


def test_a_connection_that_cannot_be_set_up_is_not_kept(add, postgres):
    add(**postgres, OPTIONS={"assume_role": "missing"}, CONN_MAX_AGE=None)

    assert [short(check_database_connected) for _ in range(2)] == [[UNREACHABLE_MESSAGE]] * 2
    assert connections["shop"].connection is None


# Without autocommit


@pytest.fixture
def in_own_thread():
    """Calls a function as in a thread whose connections belong to the checks."""

    def call(function):
        begin_round()
        try:
            return function()
        finally:
            end_round()

    return lambda function: contextvars.copy_context().run(call, function)


@pytest.mark.parametrize("name", ["postgres", "maria"])
def test_a_table_that_is_missing_spoils_no_other_query(add, request, in_own_thread, name):
    add(**request.getfixturevalue(name), AUTOCOMMIT=False)

    def checks_of_a_heartbeat():
        checks = [check_migrations_applied, check_database_writable, check_database_connected]
        return [[message_id for _, message_id, _ in short(check)] for check in checks]

    assert in_own_thread(checks_of_a_heartbeat) == [["dockerflow.health.W001"] * 3, [], []]


@pytest.mark.parametrize("name", ["postgres", "maria"])
@pytest.mark.parametrize("check", BOTH)
def test_a_dead_connection_without_autocommit_is_replaced(add, request, in_own_thread, name, check):
    options = request.getfixturevalue(name)
    add("owner", **options)
    call_command("migrate", database="owner", verbosity=0, skip_checks=True)
    connections["owner"].close()
    add(**options, AUTOCOMMIT=False, CONN_MAX_AGE=None)

    def look():
        return short(check, databases=["shop"])

    before = in_own_thread(look)
    request.getfixturevalue({"postgres": "postgresql", "maria": "mariadb"}[name]).restart()
    assert (before, in_own_thread(look)) == ([], [])


def test_a_direct_call_without_autocommit_says_what_is_missing(add, postgres):
    add(**postgres, AUTOCOMMIT=False)

    assert [message_id for _, message_id, _ in short(check_migrations_applied)] == [
        "dockerflow.health.W001"
    ] * 3
