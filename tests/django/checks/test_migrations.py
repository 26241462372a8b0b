"""``check_migrations_applied`` against real databases, well and unwell."""

import threading
from contextlib import closing

import pytest
from django.apps import apps
from django.core import checks
from django.core.management import call_command
from django.db import connections, transaction
from django.db.backends.signals import connection_created
from django.test.utils import CaptureQueriesContext

from dockerflow.django.checks import check_migrations_applied
from tests.support.browser import BROWSERS
from tests.support.messages import short

CANNOT_ASK = "dockerflow.health.I001"
UNAPPLIED = "dockerflow.health.W001"


def queries(check):
    with CaptureQueriesContext(connections["shop"]) as captured:
        assert check(app_configs=None) == []
    return [query["sql"] for query in captured]


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
        f'Database "shop" has {text}', hint="Run manage.py migrate.", id=UNAPPLIED
    )


def test_each_app_that_lacks_migrations_gets_one_message_of_bounded_length(add, options):
    add(**options)
    before = check_migrations_applied(app_configs=None)
    call_command("migrate", "contenttypes", "0001", database="shop", verbosity=0, skip_checks=True)
    between = check_migrations_applied(app_configs=None)
    call_command("migrate", database="shop", verbosity=0, skip_checks=True)
    after = check_migrations_applied(app_configs=None)

    auth = lacks(f"12 unapplied migrations of auth ({', '.join(AUTH)} and 2 more)")
    sessions = lacks("1 unapplied migration of sessions (0001_initial)")
    assert before == [
        auth,
        lacks(
            "2 unapplied migrations of contenttypes (0001_initial, 0002_remove_content_type_name)"
        ),
        sessions,
    ]
    assert between == [
        auth,
        lacks("1 unapplied migration of contenttypes (0002_remove_content_type_name)"),
        sessions,
    ]
    assert after == []


def test_a_database_with_all_migrations_gets_one_query(add, options):
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
        lacks("1 unapplied migration of sessions (0001_initial)")
    ]
    assert check_migrations_applied(app_configs=[]) == []


def test_a_database_that_is_down_cannot_be_asked(add, postgresql, postgres):
    add(**postgres)
    call_command("migrate", database="shop", verbosity=0, skip_checks=True)
    postgresql.stop()
    meanwhile = short(check_migrations_applied)
    postgresql.start()

    assert meanwhile == [
        (checks.INFO, CANNOT_ASK, 'Could not read the migrations of database "shop": ...')
    ]
    assert short(check_migrations_applied) == []


def test_inside_of_a_transaction_a_missing_table_spoils_nothing(add, options):
    add(**options)
    with transaction.atomic("shop"):
        found = check_migrations_applied(app_configs=None)
        connections["shop"].cursor().execute("SELECT 1")

    assert [message.id for message in found] == [UNAPPLIED] * 3


def test_a_query_that_hangs_holds_up_no_other_database(add, sqlite):
    add("slow", **sqlite)
    add("fast", **sqlite)
    call_command("migrate", database="fast", verbosity=0, skip_checks=True)
    hanging, go_on, answers = threading.Event(), threading.Event(), []

    def hang(execute, *query):
        hanging.set()
        go_on.wait(10)
        return execute(*query)

    def look():
        with closing(connections["slow"]), connections["slow"].execute_wrapper(hang):
            answers.append(check_migrations_applied(app_configs=None, databases=["slow"]))

    thread = threading.Thread(target=look)
    thread.start()
    assert hanging.wait(10)
    answers.append(check_migrations_applied(app_configs=None, databases=["fast"]))
    before = len(answers)
    go_on.set()
    thread.join()

    assert (before, answers) == (1, [[], []])


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
def test_a_heartbeat_sends_two_queries_to_each_database(add, options, asked, browser):
    # an alias of its own, for the heartbeat's thread keeps what it knows of one
    alias = f"{options['ENGINE'].rpartition('.')[2]}_{browser}"
    add(alias, **options)
    call_command("migrate", database=alias, verbosity=0, skip_checks=True)
    ask = BROWSERS[browser]
    ask("/__heartbeat__")
    asked.clear()
    answer = ask("/__heartbeat__").json()
    quote = connections[alias].ops.quote_name

    in_file = " FROM sqlite_master LIMIT 1" if "sqlite" in options["ENGINE"] else ""
    assert answer == {"status": "ok"}
    assert asked == [
        f"SELECT 1{in_file}",
        f"SELECT {quote('app')}, {quote('name')} FROM {quote('django_migrations')}",
    ]
