"""The host and port in a URL that an environment variable holds, and other ones in their place."""

from __future__ import annotations

import re
import socket
from typing import NamedTuple

# by scheme, or by what stands before its "+": https://www.iana.org/assignments/service-names-port-numbers
PORTS = {
    "amqp": 5672,
    "amqps": 5671,
    "bolt": 7687,
    "cassandra": 9042,
    "clickhouse": 9000,
    "cockroach": 26257,
    "cockroachdb": 26257,
    "couchdb": 5984,
    "elasticsearch": 9200,
    "ftp": 21,
    "http": 80,
    "https": 443,
    "imap": 143,
    "imaps": 993,
    "influxdb": 8086,
    "kafka": 9092,
    "ldap": 389,
    "ldaps": 636,
    "mariadb": 3306,
    "memcache": 11211,
    "memcached": 11211,
    "mongodb": 27017,
    "mqtt": 1883,
    "mqtts": 8883,
    "mssql": 1433,
    "mysql": 3306,
    "mysql2": 3306,
    "mysqlgis": 3306,
    "nats": 4222,
    "neo4j": 7687,
    "opensearch": 9200,
    "oracle": 1521,
    "pgsql": 5432,
    "postgis": 5432,
    "postgres": 5432,
    "postgresql": 5432,
    "psql": 5432,
    "redis": 6379,
    "rediss": 6379,
    "redshift": 5439,
    "sftp": 22,
    "smtp": 25,
    "smtps": 465,
    "sqlserver": 1433,
    "ssh": 22,
    "stomp": 61613,
    "submission": 587,
    "timescale": 5432,
    "valkey": 6379,
    "valkeys": 6379,
    "ws": 80,
    "wss": 443,
}
URL = re.compile(
    r"""
    (?P<before>(?:jdbc:)?(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<user>[^/?#]*@)?)
    (?P<host>\[[^\]]+\]|[^/?#;:@\[\]]*)
    (?::(?P<port>\d*))?
    (?P<after>(?:[/?#;].*)?)
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


class Address(NamedTuple):
    """The host and port that an environment variable points to; ``option`` names it."""

    option: str
    host: str
    port: int


def find(option: str, value: str | None) -> Address:
    """Return what the URL ``value`` points to; ``option`` is as in ``--backing REDIS_URL``.

    Raises ValueError where it is no URL with one host and a port; the text doesn't contain the
    value, which may hold a password.
    """
    if value is None or not value.strip():
        raise ValueError(f"{option}: there is no such environment variable, or it is empty")
    found = URL.fullmatch(value.strip())
    rest = value.partition("://")[2]
    if "," in (found["host"] if found else rest) or re.search(r"[,;]\s*[\w+.-]+://", rest):
        raise ValueError(f"{option}: it has several hosts; verify needs a URL with one")
    if found:  # what stands between a colon and an @ is a password, although it begins like a port
        rest = "" if found["user"] or found["port"] is None else found["after"]
    if "@" in rest:
        raise ValueError(f"{option}: encode / ? # and @ of its password with % (RFC 3986)")
    if not found:
        raise ValueError(f"{option}: it is not a URL such as redis://host:6379/0")
    host, scheme = found["host"].strip("[]"), found["scheme"].lower()
    if not host or "%" in host:
        raise ValueError(f"{option}: its URL has no host, and a socket file can't be cut")
    if scheme.endswith("+srv"):
        raise ValueError(f"{option}: its hosts come from DNS; verify needs a URL with one")
    port = int(found["port"] or PORTS.get(scheme.partition("+")[0], 0))
    if not 0 < port < 65536:
        raise ValueError(f"{option}: its URL has no port; verify needs host:port")
    return Address(option, host, port)


def replace(value: str, host: str, port: int) -> str:
    """Return the URL ``value`` with another host and port."""
    found = URL.fullmatch(value.strip())
    return f"{found['before']}{host}:{port}{found['after']}" if found else value


def check_reachable(address: Address, timeout: float) -> None:
    """Raise ValueError where nothing accepts a connection within ``timeout`` seconds."""
    try:
        socket.create_connection((address.host, address.port), timeout).close()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ValueError(
            f"{address.option}: nothing accepts connections at {address.host}, port "
            f"{address.port} ({reason}); start the service first"
        ) from None
