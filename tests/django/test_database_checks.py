"""The two database checks against real databases, well and unwell."""

import re
from contextlib import ExitStack

import pytest
from django.apps import apps
from django.core import checks
from django.core.management import call_command
from django.db import DatabaseError, connections, transaction
from django.db.backends.signals import connection_created
from django.test.utils import CaptureQueriesContext

from dockerflow.django.checks import check_database_connected, check_migrations_applied
from tests.support.browser import BROWSERS
from tests.support.databases import database

UNREACHABLE = "dockerflow.health.E001"
UNUSABLE = "dockerflow.health.E002"
MISCONFIGURED = "dockerflow.health.E003"
CANNOT_ASK = "dockerflow.health.I001"
UNAPPLIED = "dockerflow.health.W001"


@pytest.fixture
def add(settings, django_db_blocker):
    """Adds a database to those that the checks look at."""
    settings.DOCKERFLOW_DATABASES = []

    with django_db_blocker.unblock(), ExitStack() as stack:

        def add(alias="shop", **options):
            stack.enter_context(database(alias, **options))
            settings.DOCKERFLOW_DATABASES = [*settings.DOCKERFLOW_DATABASES, alias]

        yield add


@pytest.fixture
def sqlite(tmp_path):
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": tmp_path / "db.sqlite3"}


@pytest.fixture
def postgres(postgresql):
    """A PostgreSQL database of this test's own."""
    postgresql.execute("CREATE DATABASE shop")
    yield {**postgresql.settings, "NAME": "shop"}
    postgresql.revive()
    postgresql.execute("DROP DATABASE shop WITH (FORCE)")


@pytest.fixture
def maria(mariadb):
    """A MariaDB database of this test's own."""
    mariadb.execute("CREATE DATABASE shop")
    yield {**mariadb.settings, "NAME": "shop"}
    mariadb.revive()
    mariadb.execute("DROP DATABASE shop")


@pytest.fixture(params=["sqlite", "postgres", "maria"])
def options(request):
    """What Django's settings say of a good, empty database."""
    return request.getfixturevalue(request.param)


def said(check, **arguments):
    """Level, id and text of each message; drivers' own words are left out."""
    return [
        (message.level, message.id, re.sub(r"(?<=: )[^:].*", "...", message.msg, flags=re.DOTALL))
        for message in check(app_configs=None, **arguments)
    ]


def queries(check):
    with CaptureQueriesContext(connections["shop"]) as captured:
        assert check(app_configs=None) == []
    return [query["sql"] for query in captured]


def could_not_connect(alias="shop"):
    return (checks.ERROR, UNREACHABLE, f'Could not connect to database "{alias}": ...')


# check_database_connected


def test_a_database_that_answers_is_asked_one_question(add, options):
    add(**options)
    check_database_connected(app_configs=None)

    assert queries(check_database_connected) == ["SELECT 1"]


def test_each_database_is_asked_and_the_one_that_fails_is_named(add, sqlite, tmp_path):
    add("good", **sqlite)
    add("bad", **{**sqlite, "NAME": tmp_path / "missing/db.sqlite3"})
    add("worse", ENGINE="django.db.backends.dummy")

    assert said(check_database_connected) == [
        could_not_connect("bad"),
        (checks.ERROR, MISCONFIGURED, 'Database "worse" is misconfigured: ...'),
    ]


def test_only_the_chosen_databases_are_asked(add, sqlite, settings, tmp_path):
    add("good", **sqlite)
    add("bad", **{**sqlite, "NAME": tmp_path / "missing/db.sqlite3"})

    assert said(check_database_connected, databases=["good", "default"]) == []
    assert said(check_database_connected, databases=["bad"]) == [could_not_connect("bad")]
    settings.DOCKERFLOW_DATABASES = ["good"]
    assert said(check_database_connected) == []
    settings.DOCKERFLOW_DATABASES = None
    assert said(check_database_connected) == [could_not_connect("bad")]


def test_a_server_that_is_down_is_down_until_it_is_up(add, postgresql, postgres):
    add(**postgres)
    before = said(check_database_connected)
    postgresql.stop()
    meanwhile = [said(check_database_connected), said(check_database_connected)]
    postgresql.start()
    after = said(check_database_connected)

    assert (before, after) == ([], [])
    assert meanwhile == [[could_not_connect()]] * 2


def test_a_mariadb_that_is_down_is_down_until_it_is_up(add, mariadb, maria):
    add(**maria)
    before = said(check_database_connected)
    mariadb.stop()
    meanwhile = said(check_database_connected)
    mariadb.start()
    after = said(check_database_connected)

    assert (before, meanwhile, after) == ([], [could_not_connect()], [])


def test_a_stale_connection_is_not_a_database_that_is_down(add, postgresql, postgres):
    add(**postgres, CONN_MAX_AGE=None)
    assert said(check_database_connected) == []
    call_command("migrate", database="shop", verbosity=0, skip_checks=True)
    postgresql.restart()

    assert said(check_migrations_applied) == []
    postgresql.restart()
    assert said(check_database_connected) == []


def test_a_server_that_refuses_us_is_not_connected(add, postgres):
    add(**{**postgres, "USER": "nobody"})

    assert said(check_database_connected) == [could_not_connect()]


def test_a_connection_that_answers_no_query_is_unusable(add, postgres):
    add(**postgres)
    with transaction.atomic("shop"):
        with pytest.raises(DatabaseError):
            connections["shop"].cursor().execute("SELECT nonsense")
        broken = said(check_database_connected)
        transaction.set_rollback(True, "shop")

    assert broken == [
        (checks.ERROR, UNUSABLE, 'Database "shop" is connected and answers no query: ...')
    ]
    assert said(check_database_connected) == []


@pytest.mark.parametrize(
    "options",
    [
        {"ENGINE": "django.db.backends.dummy"},
        {"ENGINE": "shop.backend"},
        {"ENGINE": "django.db.backends.postgresql"},
    ],
)
def test_a_database_that_django_makes_nothing_of_is_misconfigured(add, options):
    add(**options)

    assert said(check_database_connected) == [
        (checks.ERROR, MISCONFIGURED, 'Database "shop" is misconfigured: ...')
    ]
    assert said(check_migrations_applied) == [
        (checks.INFO, CANNOT_ASK, 'Database "shop" cannot be asked for its migrations: ...')
    ]


# check_migrations_applied

AUTH = [
    "0001_initial",
    "0002_alter_permission_name_max_length",
    "0003_alter_user_email_max_length",
    "0004_alter_user_username_opts",
    "0005_alter_user_last_login_null",
    "0006_require_contenttypes_0002",
    "0007_alter_validators_add_error_messages",
    "0008_alter_user_username_max_length",
    "0009_alter_user_last_name_max_length",
    "0010_alter_group_name_max_length",
]


def lacks(text):
    return checks.Warning(
        f'Database "shop" lacks {text}', hint="Run manage.py migrate.", id=UNAPPLIED
    )


def test_each_app_that_lacks_migrations_gets_one_message_of_bounded_length(add, options):
    add(**options)
    before = check_migrations_applied(app_configs=None)
    call_command("migrate", "contenttypes", "0001", database="shop", verbosity=0, skip_checks=True)
    between = check_migrations_applied(app_configs=None)
    call_command("migrate", database="shop", verbosity=0, skip_checks=True)
    after = check_migrations_applied(app_configs=None)

    auth = lacks(f"12 of the migrations of auth: {', '.join(AUTH)} and 2 more")
    sessions = lacks("1 of the migrations of sessions: 0001_initial")
    assert before == [
        auth,
        lacks("2 of the migrations of contenttypes: 0001_initial, 0002_remove_content_type_name"),
        sessions,
    ]
    assert between == [
        auth,
        lacks("1 of the migrations of contenttypes: 0002_remove_content_type_name"),
        sessions,
    ]
    assert after == []


def test_a_database_with_all_migrations_is_asked_one_question(add, options):
    add(**options)
    call_command("migrate", database="shop", verbosity=0, skip_checks=True)
    check_migrations_applied(app_configs=None)
    quote = connections["shop"].ops.quote_name

    assert queries(check_migrations_applied) == [
        f"SELECT {quote('app')}, {quote('name')} FROM {quote('django_migrations')}"
    ]


def test_only_the_given_apps_are_looked_at(add, sqlite):
    add(**sqlite)
    sessions = apps.get_app_config("sessions")

    assert check_migrations_applied(app_configs=[sessions]) == [
        lacks("1 of the migrations of sessions: 0001_initial")
    ]
    assert check_migrations_applied(app_configs=[]) == []


def test_a_database_that_is_down_cannot_be_asked(add, postgresql, postgres):
    add(**postgres)
    call_command("migrate", database="shop", verbosity=0, skip_checks=True)
    postgresql.stop()
    meanwhile = said(check_migrations_applied)
    postgresql.start()

    assert meanwhile == [
        (checks.INFO, CANNOT_ASK, 'Database "shop" cannot be asked for its migrations: ...')
    ]
    assert said(check_migrations_applied) == []


def test_a_table_that_we_may_not_read_cannot_be_asked(add, postgresql, postgres):
    add("owners", **postgres)
    call_command("migrate", database="owners", verbosity=0, skip_checks=True)
    postgresql.execute("CREATE ROLE guest LOGIN")
    add(**{**postgres, "USER": "guest"})

    assert said(check_migrations_applied) == [
        (checks.INFO, CANNOT_ASK, 'Database "shop" cannot be asked for its migrations: ...')
    ]
    postgresql.execute("DROP ROLE guest")


def test_inside_of_a_transaction_a_missing_table_spoils_nothing(add, options):
    add(**options)
    with transaction.atomic("shop"):
        found = check_migrations_applied(app_configs=None)
        connections["shop"].cursor().execute("SELECT 1")

    assert [message.id for message in found] == [UNAPPLIED] * 3


# Both, in a heartbeat


@pytest.fixture
def asked():
    """What every new connection is asked."""
    asked = []

    def note(execute, sql, params, many, context):
        if not sql.startswith("SET SESSION"):  # with which a MariaDB connection begins
            asked.append(sql)
        return execute(sql, params, many, context)

    def listen(connection, **kwargs):
        connection.execute_wrappers[:] = [note]

    connection_created.connect(listen)
    yield asked
    connection_created.disconnect(listen)


@pytest.mark.parametrize("browser", BROWSERS)
def test_a_heartbeat_asks_each_database_two_questions(add, options, asked, browser):
    # an alias of its own, for the heartbeat's thread keeps what it knows of one
    alias = f"{options['ENGINE'].rpartition('.')[2]}_{browser}"
    add(alias, **options)
    call_command("migrate", database=alias, verbosity=0, skip_checks=True)
    ask = BROWSERS[browser]
    ask("/__heartbeat__")
    asked.clear()
    answer = ask("/__heartbeat__").json()
    quote = connections[alias].ops.quote_name

    assert answer == {"status": "ok"}
    assert asked == [
        "SELECT 1",
        f"SELECT {quote('app')}, {quote('name')} FROM {quote('django_migrations')}",
    ]
