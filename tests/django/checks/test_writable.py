"""``check_database_writable``: databases that take writes, and those that do not."""

import subprocess

import pytest
from django.core import checks
from django.db import DatabaseError, connections, transaction

from dockerflow.django.checks import check_database_writable
from tests.support.messages import short
from tests.support.services import PostgreSQL, Standby
from tests.support.users import folder_for_all, unprivileged

READ_ONLY = "dockerflow.health.E014"


def takes_no_writes(reason, alias="shop", hint=None):
    return [
        checks.Error(f'Database "{alias}" accepts no writes: {reason}', hint=hint, id=READ_ONLY)
    ]


def sqlite_takes_no_writes(reason):
    return takes_no_writes(
        reason,
        hint="Check how the volume of the file is mounted, the permissions of the file and of its"
        " directory, and NAME and OPTIONS in DATABASES.",
    )


def found():
    return check_database_writable(app_configs=None)


def test_a_database_that_takes_writes_is_writable(add, options):
    add(**options)

    assert found() == []


def test_a_database_that_cannot_be_connected_to_is_not_writable_either(add, sqlite):
    add(**{**sqlite, "NAME": "/missing/db.sqlite3"})

    assert found() == [
        checks.Error(
            'Could not connect to database "shop": /missing/db.sqlite3: No such file or directory',
            hint="Run manage.py migrate, or mount the volume of the file. If another database was"
            " meant, the variable with its address, such as DATABASE_URL, may not be set.",
            id="dockerflow.health.E001",
        )
    ]


def test_a_database_that_answers_no_query_does_not_say_whether_it_takes_writes(add, postgres):
    add(**postgres)
    with transaction.atomic("shop"):
        with pytest.raises(DatabaseError):
            connections["shop"].cursor().execute("SELECT nonsense")
        broken = short(check_database_writable)
        transaction.set_rollback(True, "shop")

    text = 'Database "shop" is connected, but does not say whether it accepts writes: ...'
    assert broken == [(checks.ERROR, "dockerflow.health.E002", text)]


def test_a_kind_of_database_that_cannot_be_asked_says_so(add, sqlite):
    add(**{**sqlite, "ENGINE": "tests.support.unknown_backend"})

    assert found() == [
        checks.Info(
            'Database "shop" is of a kind that this check does not support',
            id="dockerflow.health.I004",
        )
    ]


# PostgreSQL


def test_a_postgresql_whose_transactions_are_read_only_takes_no_writes(add, postgres):
    read_only = {"OPTIONS": {"options": "-c default_transaction_read_only=on"}}
    add(**postgres, **read_only)

    assert found() == takes_no_writes("transaction_read_only is on")


@pytest.fixture
def primary(running_postgresql):
    """A PostgreSQL that may be left in any state."""
    with PostgreSQL() as primary:
        yield primary


@pytest.mark.once
def test_after_a_failover_the_old_primary_takes_no_writes_and_the_new_one_does(add, primary):
    with Standby(primary) as standby:
        add("old", **primary.settings, CONN_MAX_AGE=None)
        add("new", **standby.settings, CONN_MAX_AGE=None)
        before = found()
        connected_before = connections["old"].connection
        primary.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        primary.execute("SELECT pg_reload_conf()")
        standby.promote()
        after = found()
        connected_after = connections["old"].connection

    assert before == takes_no_writes("it is in recovery, as a standby is", "new")
    assert after == takes_no_writes("transaction_read_only is on", "old")
    assert connected_after is connected_before


# MariaDB


@pytest.fixture
def read_only_mariadb(mariadb):
    mariadb.execute("SET GLOBAL read_only = 1")
    yield
    mariadb.execute("SET GLOBAL read_only = 0")


@pytest.mark.usefixtures("read_only_mariadb")
def test_a_mariadb_that_is_read_only_takes_no_writes_even_of_those_who_may(add, mariadb):
    add(**mariadb.settings)

    assert found() == takes_no_writes("read_only is on")


def test_a_mariadb_whose_transactions_are_read_only_takes_no_writes(add, maria):
    add(**maria, OPTIONS={"init_command": "SET SESSION TRANSACTION READ ONLY"})

    assert found() == takes_no_writes("tx_read_only is on")


# SQLite


@pytest.fixture
def file():
    """An SQLite database in a folder that every user may write into."""
    with folder_for_all() as folder:
        file = folder / "shop db.sqlite3"
        file.touch()
        file.chmod(0o666)
        yield file


@pytest.fixture
def add_file(add):
    def add_file(name):
        add(ENGINE="django.db.backends.sqlite3", NAME=name)

    return add_file


def test_an_sqlite_database_that_is_set_to_queries_takes_no_writes(add_file, file):
    add_file(file)
    connections["shop"].cursor().execute("PRAGMA query_only = ON")

    assert found() == sqlite_takes_no_writes("query_only is on")


@pytest.mark.parametrize("option", ["mode=ro", "immutable=1"])
def test_an_sqlite_database_opened_for_reading_takes_no_writes(add_file, file, option):
    add_file(f"file:{str(file).replace(' ', '%20')}?{option}")

    assert found() == sqlite_takes_no_writes(f"NAME opens {file} for reading only")


def test_an_sqlite_file_that_is_read_only_takes_no_writes(add_file, file):
    file.chmod(0o444)
    add_file(file)
    with unprivileged():
        messages = found()

    assert messages == sqlite_takes_no_writes(f"this user has no permission to write to {file}")


def test_an_sqlite_file_in_a_folder_that_is_read_only_takes_no_writes(add_file, file):
    file.parent.chmod(0o555)
    add_file(file)
    with unprivileged():
        messages = found()

    assert messages == sqlite_takes_no_writes(
        f"this user has no permission to write to {file.parent}, for SQLite's journal"
    )


def test_an_sqlite_file_on_a_disk_that_is_mounted_read_only_takes_no_writes(add_file, file):
    disk = file.parent / "disk"
    disk.mkdir()
    mount("-t", "tmpfs", "tmpfs", disk)
    try:
        (disk / "db.sqlite3").touch()
        mount("-o", "remount,ro", disk)
        add_file(disk / "db.sqlite3")

        assert found() == sqlite_takes_no_writes(
            f"{disk} is on a file system that is mounted read-only"
        )
        connections["shop"].close()
    finally:
        subprocess.run(["umount", disk], check=True)


def mount(*arguments):
    if subprocess.run(["mount", *arguments], check=False, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("needs the right to mount a file system")


def test_an_sqlite_database_in_memory_takes_writes(add_file):
    add_file(":memory:")

    assert found() == []


def test_to_ask_leaves_no_trace(add_file, file):
    add_file(file)
    before = file.stat()

    assert found() == []
    assert (file.stat().st_mtime_ns, file.stat().st_size) == (before.st_mtime_ns, before.st_size)
    assert [path.name for path in file.parent.iterdir()] == [file.name]
