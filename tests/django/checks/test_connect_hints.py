"""What to do about a database that cannot be connected to, by what its driver says."""

from contextlib import contextmanager

import pytest

from dockerflow.django.checks import check_database_connected
from dockerflow.django.checks.driver_errors import connect_hint
from tests.support.process import HOST, unused_port


def hints():
    return [message.hint for message in check_database_connected(app_configs=None)]


def begins_with(text):
    return [True] if len(found := hints()) == 1 and str(found[0]).startswith(text) else found


@contextmanager
def with_password(postgresql, user):
    """The user has to give a password, unlike all others."""
    file = postgresql.data / "pg_hba.conf"
    before = file.read_text()
    file.write_text(f"host all {user} {HOST}/32 scram-sha-256\n{before}")
    postgresql.execute("SELECT pg_reload_conf()")
    yield
    file.write_text(before)
    postgresql.execute("SELECT pg_reload_conf()")


@pytest.fixture
def clerk(postgresql):
    """A user of PostgreSQL with a password, and without the right to a connection."""
    postgresql.execute("CREATE ROLE clerk LOGIN PASSWORD 'right' CONNECTION LIMIT 0")
    yield "clerk"
    postgresql.execute("DROP ROLE clerk")


SERVER = "Check that the database server runs, and HOST and PORT"
NAME = "Check NAME in DATABASES"
HOST_NAME = "Check HOST in DATABASES"
LOGIN = "Check USER and PASSWORD in DATABASES"
FULL = "The server has no connection left."
TLS = "Check the TLS options in DATABASES"
OPTIONS = "Check OPTIONS in DATABASES."
REFUSED = "The server refuses this user, this database or this address"


@pytest.mark.parametrize(
    ("database", "changed", "hint"),
    [
        ("postgres", {"PORT": unused_port()}, SERVER),
        ("postgres", {"NAME": "shpo"}, NAME),
        ("postgres", {"HOST": "db.invalid"}, HOST_NAME),
        ("postgres", {"OPTIONS": {"options": "-c statement_timeout=abc"}}, OPTIONS),
        ("postgres", {"OPTIONS": {"sslmode": "require"}}, TLS),
        ("maria", {"PORT": unused_port()}, SERVER),
        ("maria", {"NAME": "shpo"}, NAME),
        ("maria", {"PASSWORD": "wrong"}, LOGIN),
    ],
)
def test_a_setting_that_is_wrong_is_named(request, add, database, changed, hint):
    add(**request.getfixturevalue(database) | changed)

    assert begins_with(hint) == [True]


def test_a_password_that_postgresql_refuses_is_named(add, postgresql, postgres, clerk):
    add(**postgres | {"USER": clerk, "PASSWORD": "wrong"})
    with with_password(postgresql, clerk):
        assert begins_with(LOGIN) == [True]


def test_a_server_without_a_connection_left_says_so(add, postgres, clerk):
    add(**postgres | {"USER": clerk})

    assert begins_with(FULL) == [True]


@pytest.mark.parametrize(
    ("reason", "hint"),
    [
        ("FATAL:  remaining connection slots are reserved for roles with SUPERUSER", FULL),
        ("FATAL:  sorry, too many clients already", FULL),
        ("couldn't get a connection after 2.00 sec", "The connection pool has no free connection"),
        ("FATAL:  query_wait_timeout", "The connection pool has no free connection"),
        ("FATAL:  server login has been failing", "The connection pool has no free connection"),
        ("FATAL:  no more connections allowed (max_client_conn)", FULL),
        ("connection timeout expired", "Nothing answers at this address."),
        ("(2003, \"Can't connect to MySQL server on 'db' (timed out)\")", "Nothing answers"),
        ("SSL error: certificate verify failed", TLS),
        ("server does not support SSL, but SSL was required", TLS),
        ('root certificate file "/etc/ca.crt" does not exist', TLS),
        ("(2026, 'TLS/SSL error: certificate has expired')", TLS),
        ("(2026, 'SSL connection error: self-signed certificate')", TLS),
        ('FATAL:  no pg_hba.conf entry for host "::1", user "shop", no encryption', REFUSED),
        (
            'FATAL:  password authentication failed\nFATAL:  no pg_hba.conf entry for host "::1"',
            LOGIN,
        ),
        ('FATAL:  invalid value for parameter "statement_timeout": "abc"', OPTIONS),
        ("FATAL:  unsupported startup parameter: options", OPTIONS),
        ('invalid connection option "passwd"', OPTIONS),
        ("FATAL:  no such database: shpo", NAME),
        ("failed to resolve host 'ssl-too-many': Name or service not known", HOST_NAME),
        ("(1049, \"Unknown database 'password'\")", NAME),
        ('FATAL:  database "timeout" does not exist', NAME),
        ("Verbindung verweigert", "None"),
    ],
)
def test_other_reasons(reason, hint):
    assert str(connect_hint(reason)).startswith(hint)
