"""What is taken out of other people's texts, and what stays."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockerflow.scrub import MAX_QUERY, mask_query, scrub
from tests.support.web import python_path


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("postgres://me:hush@db:5432/shop", "postgres://***@db:5432/shop"),
        ("redis://:hush@cache/0", "redis://***@cache/0"),
        ("amqp://me:hu@sh@mq/", "amqp://***@mq/"),
        ("postgresql+psycopg://me:hu/sh@db", "postgresql+psycopg://***@db"),
        ("...http://me:hush@h", "...http://***@h"),
        ("at https://h/a, then s3://key:hush@h", "at https://h/a, then s3://***@h"),
        ("http://a,http://me:hush@b", "http://a,http://***@b"),
        ("['http://me:hush@a', \"http://me:hush@b\"]", "['http://***@a', \"http://***@b\"]"),
        ("host=db user=me password=hush dbname=shop", "host=db user=me password=*** dbname=shop"),
        ("host=db password='hu \\' sh' port=1", "host=db password=*** port=1"),
        ('host=db PASSWORD="hu sh"', "host=db PASSWORD=***"),
        ("PGPASSWORD=hush psql", "PGPASSWORD=*** psql"),
        ("Server=db;Pwd = hush;Port=1", "Server=db;Pwd = ***;Port=1"),
        ("{'password': 'hush', 'port': 1}", "{'password': ***, 'port': 1}"),
        ('{"passwd":"hu\\"sh"}', '{"passwd":***}'),
        ("password='hu sh", "password=***"),
        ("password='hu sh\\", "password=***"),
        ("connect(password=b'hush')", "connect(password=***)"),
        ("connect(passphrase=hush)", "connect(passphrase=***)"),
        ("https://h/?access_token=hush&page=1", "https://h/?access_token=***&page=1"),
        ("SECRET_KEY='hush'", "SECRET_KEY=***"),
        ("aws_secret_access_key=hush", "aws_secret_access_key=***"),
        ("api_key=hush, apikey=hush, api-key=hush", "api_key=***, apikey=***, api-key=***"),
    ],
)
def test_credentials_are_taken_out(text, scrubbed):
    assert scrub(text) == scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "",
        'FATAL: password authentication failed for user "me"',
        "Access denied for user 'root'@'localhost' (using password: YES)",
        "connection to server at 127.0.0.1, port 5432 failed: Connection refused",
        "https://example.com/path?page=1#top",
        "mail me@example.com",
        "the token: it expired",
    ],
)
def test_everything_else_stays(text):
    assert scrub(text) == text


@settings(deadline=None)
@given(st.text(), st.text("ab:/@%+-.").filter(lambda text: "://" not in text), st.text())
def test_whatever_stands_around_a_url_its_password_goes(before, password, after):
    assert "hush" not in scrub(f"{before} postgres://me:hush{password}@db {after}")


PIECES = ["a.", "x://", "http://h/,", "token", "token ", "token='", 'pwd="\\']


@pytest.mark.parametrize("piece", PIECES)
def test_a_long_text_takes_no_longer_than_its_length_asks_for(piece):
    program = "import sys; from dockerflow.scrub import scrub; scrub(sys.argv[1] * 100_000)"
    # a process of its own: what holds the interpreter cannot be interrupted
    done = subprocess.run(
        [sys.executable, "-c", program, piece],
        env={"PYTHONPATH": python_path()},
        timeout=30,  # seconds; a text that is scanned again and again would need many times that
        check=False,
    )

    assert done.returncode == 0


@pytest.mark.parametrize(
    ("query", "masked"),
    [
        ("", ""),
        ("page=2&sort=name", "page=2&sort=name"),
        ("q=a+b%20c%C3%A9", "q=a b cé"),
        ("flag", "flag"),
        ("token=hush&page=2", "token=***&page=2"),
        ("accessToken=hush", "accessToken=***"),
        ("X-Amz-Signature=hush", "X-Amz-Signature=***"),
        ("pass%77ord=hush", "password=***"),
        ("code=hush&api_key=hush&zip_code=hush", "code=***&api_key=***&zip_code=***"),
        ("keyboard=qwerty&monkey=1&encode=2", "keyboard=qwerty&monkey=1&encode=2"),
    ],
)
def test_a_query_string_is_readable_without_its_secrets(query, masked):
    assert mask_query(query) == masked


def test_a_long_query_string_is_cut():
    assert mask_query("q=" + "a" * MAX_QUERY) == "q=" + "a" * (MAX_QUERY - 2) + "..."
    assert mask_query("q=" + "a" * (MAX_QUERY - 2)) == "q=" + "a" * (MAX_QUERY - 2)
