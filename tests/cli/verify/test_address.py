"""Which host and port a backing service's URL names, and the same URL with others."""

import socket

import pytest

from dockerflow.cli.verify import address


@pytest.mark.parametrize(
    ("url", "host", "port", "replaced"),
    [
        ("redis://h", "h", 6379, "redis://127.0.0.1:9"),
        ("redis://h:7000/0", "h", 7000, "redis://127.0.0.1:9/0"),
        ("rediss://:p%40ss@h/0?a=b", "h", 6379, "rediss://:p%40ss@127.0.0.1:9/0?a=b"),
        (
            "postgres://me:hush@db.example.com/shop?sslmode=require",
            *("db.example.com", 5432),
            "postgres://me:hush@127.0.0.1:9/shop?sslmode=require",
        ),
        ("postgresql+asyncpg://me@h/d", "h", 5432, "postgresql+asyncpg://me@127.0.0.1:9/d"),
        ("postgres://me:p@ss@h/d", "h", 5432, "postgres://me:p@ss@127.0.0.1:9/d"),
        ("PostGIS://H/d", "H", 5432, "PostGIS://127.0.0.1:9/d"),
        ("mysql://me@[::1]:3307/d", "::1", 3307, "mysql://me@127.0.0.1:9/d"),
        ("mysql+pymysql://me@[fe80::1]/d", "fe80::1", 3306, "mysql+pymysql://me@127.0.0.1:9/d"),
        ("jdbc:postgresql://h/d?user=me", "h", 5432, "jdbc:postgresql://127.0.0.1:9/d?user=me"),
        (
            "jdbc:sqlserver://h:1434;databaseName=d",
            *("h", 1434),
            "jdbc:sqlserver://127.0.0.1:9;databaseName=d",
        ),
        ("amqps://me:hush@mq//", "mq", 5671, "amqps://me:hush@127.0.0.1:9//"),
        ("mongodb://h/d?retryWrites=true", "h", 27017, "mongodb://127.0.0.1:9/d?retryWrites=true"),
        ("https://pay.example.com", "pay.example.com", 443, "https://127.0.0.1:9"),
        ("http://h:/x#y", "h", 80, "http://127.0.0.1:9/x#y"),
        ("memcached://cache:11212", "cache", 11212, "memcached://127.0.0.1:9"),
        (" nats://h \n", "h", 4222, "nats://127.0.0.1:9"),
        ("amqp://me:x@h:1/d?mail=a@b", "h", 1, "amqp://me:x@127.0.0.1:9/d?mail=a@b"),
        ("smtp://h/?from=me@h2", "h", 25, "smtp://127.0.0.1:9/?from=me@h2"),
        ("something://h:1/", "h", 1, "something://127.0.0.1:9/"),
    ],
)
def test_a_url_names_one_host_and_a_port(url, host, port, replaced):
    assert address.find("X", url) == ("X", host, port)
    assert address.replace(url, "127.0.0.1", 9) == replaced


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (None, "there is no such environment variable, or it is empty"),
        (" ", "there is no such environment variable, or it is empty"),
        ("hush", "it is not a URL such as redis://host:6379/0"),
        ("h:6379", "it is not a URL such as redis://host:6379/0"),
        ("redis:///0", "its URL has no host, and a socket file can't be cut"),
        ("sqlite:////app/hush.sqlite3", "its URL has no host, and a socket file can't be cut"),
        ("postgres://%2Frun%2Fhush/d", "its URL has no host, and a socket file can't be cut"),
        ("postgres://a:1,hush:2/d", "it has several hosts; verify needs a URL with one"),
        ("mongodb://me:x@a,hush/d", "it has several hosts; verify needs a URL with one"),
        ("postgres://me:x@a:1,hush:2/d", "it has several hosts; verify needs a URL with one"),
        ("redis://a/0,redis://hush/0", "it has several hosts; verify needs a URL with one"),
        ("amqp://me:x@a//;amqp://hush//", "it has several hosts; verify needs a URL with one"),
        ("mongodb+srv://hush/d", "its hosts come from DNS; verify needs a URL with one"),
        ("something://hush", "its URL has no port; verify needs host:port"),
        ("redis://hush:0", "its URL has no port; verify needs host:port"),
        ("redis://hush:65536", "its URL has no port; verify needs host:port"),
        ("redis://hush:x", "it is not a URL such as redis://host:6379/0"),
        ("postgres://me:1#hush@h/d", "encode / ? # and @ of its password with % (RFC 3986)"),
        ("postgres://me:hu#sh@h/d", "encode / ? # and @ of its password with % (RFC 3986)"),
        ("postgres://me:hu/sh@h/d", "encode / ? # and @ of its password with % (RFC 3986)"),
        ("postgres://me:1/hush@h/d", "encode / ? # and @ of its password with % (RFC 3986)"),
    ],
)
def test_anything_else_is_refused_without_being_shown(value, complaint):
    with pytest.raises(ValueError, match="--backing X") as caught:
        address.find("--backing X", value)

    assert str(caught.value) == f"--backing X: {complaint}"


def test_a_service_that_is_not_there_is_named():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    at = address.Address("--backing REDIS_URL", "127.0.0.1", port)

    with pytest.raises(ValueError, match="REDIS_URL") as caught:
        address.check_reachable(at, 5)

    assert str(caught.value) == (
        f"--backing REDIS_URL: nothing accepts connections at 127.0.0.1, port {port} (Connection "
        "refused); start the service first"
    )
