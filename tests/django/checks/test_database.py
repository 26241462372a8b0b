"""``check_database_connected`` against real databases, well and unwell."""

import pytest
from django.core import checks
from django.core.management import call_command
from django.db import DatabaseError, connections, transaction
from django.test.utils import CaptureQueriesContext

from dockerflow.django.checks import check_database_connected, check_migrations_applied
from tests.support.messages import short

UNREACHABLE = "dockerflow.health.E001"
UNUSABLE = "dockerflow.health.E002"
MISCONFIGURED = "dockerflow.health.E003"
CANNOT_ASK = "dockerflow.health.I001"


def could_not_connect(alias="shop"):
    return (checks.ERROR, UNREACHABLE, f'Could not connect to database "{alias}": ...')


def test_a_database_that_answers_gets_one_query(add, options):
    add(**options)
    check_database_connected(app_configs=None)
    with CaptureQueriesContext(connections["shop"]) as captured:
        found = check_database_connected(app_configs=None)

    in_file = " FROM sqlite_master LIMIT 1" if "sqlite" in options["ENGINE"] else ""
    assert found == []
    assert [query["sql"] for query in captured] == [f"SELECT 1{in_file}"]


def test_each_database_is_asked_and_the_one_that_fails_is_named(add, sqlite, tmp_path):
    add("good", **sqlite)
    add("bad", **{**sqlite, "NAME": tmp_path / "missing/db.sqlite3"})
    add("worse", ENGINE="django.db.backends.dummy")

    assert short(check_database_connected) == [
        could_not_connect("bad"),
        (checks.ERROR, MISCONFIGURED, 'Database "worse" is misconfigured: ...'),
    ]


def test_only_the_chosen_databases_are_asked(add, sqlite, settings, tmp_path):
    add("good", **sqlite)
    add("bad", **{**sqlite, "NAME": tmp_path / "missing/db.sqlite3"})

    assert short(check_database_connected, databases=["good", "default"]) == []
    assert short(check_database_connected, databases=["bad"]) == [could_not_connect("bad")]
    settings.DOCKERFLOW_DATABASES = ["good"]
    assert short(check_database_connected) == []
    settings.DOCKERFLOW_DATABASES = None
    assert short(check_database_connected) == [could_not_connect("bad")]


def test_a_server_that_is_down_is_down_until_it_is_up(add, postgresql, postgres):
    add(**postgres)
    before = short(check_database_connected)
    postgresql.stop()
    meanwhile = [short(check_database_connected), short(check_database_connected)]
    postgresql.start()
    after = short(check_database_connected)

    assert (before, after) == ([], [])
    assert meanwhile == [[could_not_connect()]] * 2


def test_a_mariadb_that_is_down_is_down_until_it_is_up(add, mariadb, maria):
    add(**maria)
    before = short(check_database_connected)
    mariadb.stop()
    meanwhile = short(check_database_connected)
    mariadb.start()
    after = short(check_database_connected)

    assert (before, meanwhile, after) == ([], [could_not_connect()], [])


def test_a_stale_connection_is_not_a_database_that_is_down(add, postgresql, postgres):
    add(**postgres, CONN_MAX_AGE=None)
    assert short(check_database_connected) == []
    call_command("migrate", database="shop", verbosity=0, skip_checks=True)
    postgresql.restart()

    assert short(check_migrations_applied) == []
    postgresql.restart()
    assert short(check_database_connected) == []


def test_a_server_that_refuses_us_is_not_connected(add, postgres):
    add(**{**postgres, "USER": "nobody"})

    assert short(check_database_connected) == [could_not_connect()]


def test_a_connection_that_answers_no_query_is_unusable(add, postgres):
    add(**postgres)
    with transaction.atomic("shop"):
        with pytest.raises(DatabaseError):
            connections["shop"].cursor().execute("SELECT nonsense")
        broken = short(check_database_connected)
        transaction.set_rollback(True, "shop")

    assert broken == [
        (checks.ERROR, UNUSABLE, 'Database "shop" is connected, but a query failed: ...')
    ]
    assert short(check_database_connected) == []


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

    assert short(check_database_connected) == [
        (checks.ERROR, MISCONFIGURED, 'Database "shop" is misconfigured: ...')
    ]
    assert short(check_migrations_applied) == [
        (checks.INFO, CANNOT_ASK, 'Could not read the migrations of database "shop": ...')
    ]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"OPTIONS": {"colour": "blue"}}, "TypeError"),
        ({"NAME": 7}, "TypeError"),
        ({"NAME": "shop\0"}, "ValueError"),
    ],
)
def test_an_option_that_the_driver_makes_nothing_of_is_a_misconfigured_database(
    add, sqlite, options, error
):
    add(**{**sqlite, **options})
    reports = [
        check(app_configs=None) for check in (check_database_connected, check_migrations_applied)
    ]

    assert [(message.id, message.msg.rpartition(f"{error}: ")[0]) for [message] in reports] == [
        (MISCONFIGURED, 'Database "shop" is misconfigured: '),
        (CANNOT_ASK, 'Could not read the migrations of database "shop": '),
    ]


def test_a_database_without_settings_is_misconfigured_and_can_be_left_out(add):
    add("other")  # "other": {} in DATABASES

    assert check_database_connected(app_configs=None) == [
        checks.Error(
            'Database "other" is misconfigured: settings.DATABASES is improperly configured. Please'
            " supply the ENGINE value. Check settings documentation for more details.",
            hint="Correct it in DATABASES, or leave it out of DOCKERFLOW_DATABASES.",
            id=MISCONFIGURED,
        )
    ]
