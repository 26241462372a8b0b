"""What the error of a database driver means, by the codes that the databases document.

PostgreSQL's SQLSTATEs come from psycopg 3 and psycopg2, the numbers of MySQL and MariaDB from
mysqlclient and PyMySQL, SQLite's names from the standard library. Of an error without a known code
nothing is assumed.

https://www.postgresql.org/docs/current/errcodes-appendix.html
https://mariadb.com/docs/server/reference/error-codes
https://www.sqlite.org/rescode.html
"""

from __future__ import annotations

import re

from django.db import DatabaseError, Error, InterfaceError, OperationalError

Code = str | int | None

LOST = {
    "25P03",  # idle_in_transaction_session_timeout
    "57P01",  # admin_shutdown
    "57P02",  # crash_shutdown
    "57P05",  # idle_session_timeout
    0,  # closed on this side
    1053,  # ER_SERVER_SHUTDOWN
    1927,  # ER_CONNECTION_KILLED
    2006,  # CR_SERVER_GONE_ERROR
    2013,  # CR_SERVER_LOST
    2055,  # CR_SERVER_LOST_EXTENDED
    3169,  # ER_SESSION_WAS_KILLED
    4031,  # ER_CLIENT_INTERACTION_TIMEOUT
}
NO_TABLE = {"42P01", 1146, "SQLITE_ERROR"}
NO_RIGHT = {"42501", 1142, 1143}
# By what the drivers say in English, since an error of a connection that failed has no code; a
# server that speaks another language leaves it at the general hint.
CONNECT_HINTS = {
    "password|access denied": "Check USER and PASSWORD in DATABASES, and the user's rights on the"
    " server.",
    "pg_hba": "The server refuses this user, this database or this address, or requires TLS. Check"
    " its pg_hba.conf, and USER, NAME and OPTIONS in DATABASES.",
    r"\bssl|\btls|certificate": "Check the TLS options in DATABASES and the files that they name,"
    " and the certificate of the server: its names, its issuer, and the date when it expires.",
    "connection slots|too many|no more connections": "The server has no connection left. Find out"
    " who holds the connections (pg_stat_activity, SHOW PROCESSLIST), close some, or raise"
    " its limit.",
    # Of psycopg's pool, and of PgBouncer
    "get a connection|query_wait_timeout|server login": "The connection pool has no free"
    " connection: all are in use, or the server does not answer. Check the server, and the size of"
    " the pool.",
    "database .*does not exist|unknown database|no such database": "Check NAME in DATABASES, or"
    " create this database. PgBouncer lists its databases in its own configuration.",
    "parameter|connection option": "Check OPTIONS in DATABASES. PgBouncer accepts fewer of them"
    " than PostgreSQL.",
    "host name|name or service|name resolution|resolve host|unknown .*host": "Check HOST in"
    " DATABASES, and the DNS server of the container.",
    "refused": "Check that the database server runs, and HOST and PORT in DATABASES.",
    "timeout|timed out": "Nothing answers at this address. Check HOST and PORT in DATABASES, the"
    " network, and whether the server is overloaded.",
}
# What MySQL's drivers print: a number and a sentence
NUMBERED = re.compile(r"""\(\d+, (["'])(.*)\1\)""", re.DOTALL)
# Names and values, which are no part of the reason
QUOTED = re.compile(r"""\"[^"]*\"|(?<!\w)'[^']*'""")
NO_CODE = (OperationalError, InterfaceError, DatabaseError)  # exactly, and none of their subclasses


def code(error: Error) -> Code:
    """The database's own code of an error, None where the driver has none to give."""
    cause = error.__cause__ or error
    if cause.args and isinstance(cause.args[0], int):
        return cause.args[0]
    for name in ("sqlstate", "pgcode", "sqlite_errorname"):
        if found := getattr(cause, name, None):
            return str(found)
    return None


def is_lost(error: Error) -> bool:
    """Whether the error says that the connection is gone, and not that the query failed."""
    found = code(error)
    if isinstance(found, str) and found.startswith("08"):
        # PgBouncer's code for all it says; this alone is about the query, which has waited.
        return "query_wait_timeout" not in str(error)
    if found is None:
        # Both psycopgs: the connection broke before the server said anything.
        cause = error.__cause__
        return type(error) in NO_CODE and (hasattr(cause, "sqlstate") or hasattr(cause, "pgcode"))
    return found in LOST


def is_missing_table(error: Error) -> bool:
    """Whether the error may say that there is no such table; SQLite's code says many things."""
    return code(error) in NO_TABLE


def is_missing_right(error: Error) -> bool:
    """Whether the error says that this user may not read the table."""
    return code(error) in NO_RIGHT


def connect_hint(reason: str) -> str | None:
    """What to do about a connection that failed for this reason, None where it is not known."""
    reason = QUOTED.sub("", NUMBERED.sub(r"\2", reason))
    for pattern, hint in CONNECT_HINTS.items():
        if re.search(pattern, reason, re.IGNORECASE):
            return hint
    return None
