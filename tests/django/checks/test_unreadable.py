"""A database that is connected, or could be, and that cannot be read: failed, the cause named."""

import gc
import re
import sqlite3
from contextlib import closing

import pytest
from django.core.management import call_command
from django.db import connections

from dockerflow.django.checks import check_database_connected, check_migrations_applied
from dockerflow.django.checks.database_rounds import inline_round
from tests.support.users import folder_for_all, unprivileged

UNREACHABLE = "dockerflow.health.E001"
UNUSABLE = "dockerflow.health.E002"
CANNOT_ASK = "dockerflow.health.I001"
FORBIDDEN = "dockerflow.health.E013"
PAGE = 4096  # bytes
DAMAGED_HINT = (
    "Another process may hold a lock on the file; if not, the file is damaged or is no database:"
    " restore it from a backup."
)


def heartbeat():
    """Id and text of the messages of the two checks, run as in a heartbeat."""
    with inline_round():
        return [
            [(message.id, message.msg) for message in check(app_configs=None, databases=["shop"])]
            for check in (check_database_connected, check_migrations_applied)
        ]


def hints():
    """Those of the messages of the two checks."""
    found = check_database_connected(app_configs=None, databases=["shop"])
    found += check_migrations_applied(app_configs=None, databases=["shop"])
    return [message.hint for message in found]


def unreadable(reason):
    """The heartbeat of a database that answers no query."""
    return [
        [(UNUSABLE, f'Database "shop" is connected, but a query failed: {reason}')],
        [(CANNOT_ASK, f'Could not read the migrations of database "shop": {reason}')],
    ]


def refused(path, reason):
    """The two heartbeats of a file that is no database.

    SQLite 3.40 reads the file with the first query, 3.53 when the connection is set up.
    """
    return unreadable(reason), unreachable(f"{path}: {reason}")


def unreachable(reason):
    """The heartbeat of a database to which there is no connection."""
    return [
        [(UNREACHABLE, f'Could not connect to database "shop": {reason}')],
        [(CANNOT_ASK, f'Could not read the migrations of database "shop": {reason}')],
    ]


def migrations_unreadable(reason):
    text = f'Database "shop" is connected, but its migrations cannot be read: {reason}'
    return [[], [(UNUSABLE, text)]]


def migrations_forbidden(reason):
    return [
        [],
        [(FORBIDDEN, f'Database "shop" does not let this user read its migrations: {reason}')],
    ]


def migrate(alias="shop"):
    call_command("migrate", database=alias, verbosity=0, skip_checks=True)


# SQLite


@pytest.fixture(params=[0, None], ids=["closed", "kept"])
def shop(request, add, sqlite):
    """The path of a migrated SQLite database, the connection to which is kept or not."""
    add("owner", **sqlite)
    migrate("owner")
    with closing(sqlite3.connect(sqlite["NAME"])) as connection:
        connection.execute("VACUUM")
    add(**sqlite, CONN_MAX_AGE=request.param)
    if request.param is None:
        assert heartbeat() == [[], []]
    yield sqlite["NAME"]
    gc.collect()  # see half_open


# Django closes no connection of SQLite that it could not set up.
half_open = pytest.mark.filterwarnings("ignore:unclosed database")


@half_open
def test_a_file_of_garbage(shop):
    shop.write_bytes(b"garbage!" * PAGE)

    assert heartbeat() in refused(shop, "file is not a database")


@half_open
def test_garbage_in_the_place_of_the_file(shop):
    other = shop.with_suffix(".new")
    other.write_bytes(b"garbage!" * PAGE)
    other.replace(shop)

    assert heartbeat() in refused(shop, "file is not a database")


def test_an_empty_database_in_the_place_of_the_file(shop):
    other = shop.with_suffix(".new")
    other.touch()
    other.replace(shop)
    connected, migrated = heartbeat()

    assert (connected, {message_id for message_id, _ in migrated}) == (
        [],
        {"dockerflow.health.W001"},
    )


@half_open
def test_a_file_that_is_cut_off(shop):
    shop.write_bytes(shop.read_bytes()[:PAGE])

    assert heartbeat() in refused(shop, "database disk image is malformed")


@half_open
def test_a_first_page_that_is_destroyed(shop):
    content = shop.read_bytes()
    shop.write_bytes(content[:100] + b"\xff" * (PAGE - 100) + content[PAGE:])

    assert heartbeat() in refused(shop, "database disk image is malformed")


def test_a_page_of_the_migrations_that_is_destroyed(shop):
    with closing(sqlite3.connect(shop)) as connection:
        sql = "SELECT rootpage FROM sqlite_master WHERE name = 'django_migrations'"
        [(page,)] = connection.execute(sql)
    with shop.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(b"\xff" * PAGE)

    assert heartbeat() == migrations_unreadable("database disk image is malformed")
    assert hints() == [DAMAGED_HINT]


def test_a_file_that_this_user_may_not_read(add, sqlite):
    with folder_for_all() as folder:
        path = folder / "db.sqlite3"
        path.touch(mode=0)
        add(**{**sqlite, "NAME": path})
        with unprivileged():
            found, given = heartbeat(), hints()

    assert found == unreachable(f"{path}: Permission denied")
    assert given[0] == (
        "Check that this is a file, its permissions and those of its directory, and the user that"
        " the service runs as."
    )


def test_a_folder_where_the_file_should_be(add, sqlite, tmp_path):
    add(**{**sqlite, "NAME": tmp_path})

    assert heartbeat() == unreachable(f"{tmp_path}: unable to open database file")


@pytest.mark.parametrize(
    "name",
    [
        "{folder}/new.sqlite3",
        "file:{folder}/new.sqlite3",
        "file://{folder}/new.sqlite3",
        "file://localhost{folder}/n%65w.sqlite3?cache=private",
        "file:{folder}/new.sqlite3?mode=ro",
        "file:{folder}/new.sqlite3?mode=rwc&vfs=unix-excl",
    ],
)
def test_a_file_that_does_not_exist_is_named_and_not_created(add, sqlite, tmp_path, name):
    add(**{**sqlite, "NAME": name.format(folder=tmp_path)})
    sqlite["NAME"].unlink()

    assert heartbeat() == unreachable(f"{tmp_path}/new.sqlite3: No such file or directory")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_does_not_exist_is_named_and_not_created(add, sqlite, tmp_path):
    path = tmp_path / "missing/db.sqlite3"
    add(**{**sqlite, "NAME": path})

    assert heartbeat() == unreachable(f"{path}: No such file or directory")


def test_a_file_that_was_removed_while_its_connection_stays(shop):
    shop.unlink()

    assert heartbeat() == unreachable(f"{shop}: No such file or directory")


@pytest.mark.parametrize(
    "name",
    [":memory:", "file::memory:", "file:shop?mode=memory&cache=shared", "file:/shop?vfs=memdb"],
)
def test_a_database_in_memory_needs_no_file(add, sqlite, name):
    add(**{**sqlite, "NAME": name})

    assert check_database_connected(app_configs=None) == []


# PostgreSQL


@pytest.fixture
def guest(add, postgresql, postgres):
    """A migrated database, and a user who may connect to it."""
    add("owner", **postgres)
    migrate("owner")
    postgresql.execute("CREATE ROLE guest LOGIN")
    add(**{**postgres, "USER": "guest"})
    yield lambda sql: execute("owner", sql)
    execute("owner", "DROP OWNED BY guest")
    postgresql.execute("DROP ROLE guest")


def execute(alias, sql):
    with connections[alias].cursor() as cursor:
        cursor.execute(sql)


def test_a_table_that_this_user_may_not_read(guest):
    assert heartbeat() == migrations_forbidden("permission denied for table django_migrations")
    guest("GRANT SELECT ON django_migrations TO guest")
    assert heartbeat() == [[], []]


@pytest.mark.parametrize("search_path", ['"$user", public', "public", 'app, "public"'])
def test_a_schema_that_this_user_may_not_use(guest, search_path):
    guest("GRANT SELECT ON django_migrations TO guest")
    guest("REVOKE USAGE ON SCHEMA public FROM PUBLIC")
    guest(f"ALTER ROLE guest SET search_path = {search_path}")

    assert heartbeat() == migrations_forbidden("no USAGE on schema public")


def test_a_schema_that_is_not_on_the_search_path_is_no_reason(guest):
    guest("CREATE SCHEMA tenant")
    guest("CREATE TABLE tenant.django_migrations (app text)")
    guest("ALTER ROLE guest SET search_path = guest")
    guest("CREATE SCHEMA guest AUTHORIZATION guest")

    [connected, [(message_id, text), *_]] = heartbeat()
    assert (connected, message_id) == ([], "dockerflow.health.W001")
    assert text.startswith('Database "shop" has 12 unapplied migrations of auth (')


def test_a_page_of_a_postgresql_table_that_is_destroyed(add, postgresql, postgres):
    add(**postgres)
    migrate()
    with connections["shop"].cursor() as cursor:
        cursor.execute("SELECT pg_relation_filepath('django_migrations')")
        [path] = cursor.fetchone()
    connections["shop"].close()
    postgresql.stop()
    with (postgresql.data / path).open("r+b") as file:
        file.write(b"\xff" * 8192)
    postgresql.start()

    [connected, [(message_id, text)]] = heartbeat()
    assert (connected, message_id) == ([], UNUSABLE)
    assert re.search("cannot be read: invalid page in block 0 of relation", text)


# MariaDB


def test_a_mariadb_table_that_this_user_may_not_read(add, mariadb, maria):
    add("owner", **maria)
    migrate("owner")
    mariadb.execute("CREATE USER guest")
    mariadb.execute("GRANT CREATE ON shop.* TO guest")
    add(**{**maria, "USER": "guest"})
    [connected, [(message_id, text)]] = heartbeat()
    mariadb.execute("GRANT SELECT ON shop.django_migrations TO guest")
    after = heartbeat()
    mariadb.execute("DROP USER guest")

    assert (connected, message_id) == ([], FORBIDDEN)
    assert "SELECT command denied to user 'guest'" in text
    assert after == [[], []]


def test_a_mariadb_table_whose_file_is_gone(add, mariadb, maria):
    add(**maria)
    migrate()
    connections["shop"].close()
    mariadb.stop()
    (mariadb.data / "shop/django_migrations.ibd").unlink()
    mariadb.start()

    [connected, [(message_id, text)]] = heartbeat()
    assert (connected, message_id) == ([], UNUSABLE)
    assert "cannot be read: " in text
