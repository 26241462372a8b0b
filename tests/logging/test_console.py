"""Log lines for a developer's terminal."""

import logging
import os
import pty
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

import pytest

from dockerflow.logging.console import ConsoleFormatter


@contextmanager
def terminal() -> Iterator[None]:
    """Stdout is a terminal."""
    leader, follower = pty.openpty()
    with os.fdopen(follower, "w") as stdout, redirect_stdout(stdout):
        yield
    os.close(leader)


def line(message, *args, level=logging.INFO, **attributes):
    """The line of a record, without the time that it starts with."""
    record = logging.LogRecord("app.views", level, "views.py", 1, message, args, None)
    vars(record).update(attributes)
    time, rest = ConsoleFormatter().format(record).split(" ", 1)
    assert re.fullmatch(r"\d\d:\d\d:\d\d", time)
    return rest


def test_a_line_has_level_logger_message_and_fields():
    assert line("%s signed up", "Änne", plan="pro", age=7, note="a b", tags=["x"], none=None) == (
        'INFO     app.views Änne signed up plan=pro age=7 note="a b" tags=["x"]'
    )


def test_a_message_that_is_a_dict_is_fields():
    assert line({"event": "signup", "ok": True}) == "INFO     app.views event=signup ok=true"


def test_a_traceback_and_a_stack_follow_on_lines_of_their_own():
    try:
        raise ValueError("no\nway")
    except ValueError:
        shown = line("bad", level=40, exc_info=sys.exc_info(), stack_info="Stack:\n  here")
    first, second, *_, error = shown.removesuffix("\nStack:\n  here").split("\n")

    assert (first, second, error) == (
        "ERROR    app.views bad",
        "Traceback (most recent call last):",
        r"ValueError('no\nway')",
    )


@pytest.mark.parametrize(
    ("extra", "shown"),
    [
        ({"messages": ["W001: slow", "W002: late"]}, ""),
        ({"messages": ["W002: late"]}, ""),
        ({"messages": ["W001: slow", "W003: gone"]}, ' messages=["W001: slow","W003: gone"]'),
        ({"messages": ["slow"]}, ' messages=["slow"]'),
        ({"messages": []}, " messages=[]"),
        ({"messages": ["W001: slow", 7]}, ' messages=["W001: slow",7]'),
        ({"plan": "W002: late"}, ""),
        ({"plan": "late"}, " plan=late"),
        ({"plan": ""}, ' plan=""'),
    ],
    ids=str,
)
def test_a_field_whose_lines_are_in_the_message_is_not_repeated(extra, shown):
    message = "check_speed failed\nW001: slow\nW002: late"
    first, rest = message.split("\n", 1)
    assert line(message, **extra) == f"INFO     app.views {first}{shown}\n{rest}"


def test_an_error_without_a_traceback_is_shown():
    assert line("bad", exc_info=("a", "b")) == """INFO     app.views bad error="('a', 'b')\""""


def test_a_message_cannot_steer_the_terminal():
    message = "two\nlines\t\x1b[2J\x07\x9b\ud83d"
    shown = line(message, **{"a\x1b": "b\r", "c\nd": 1}, levelname="\x1b[2J")
    assert shown == (
        '\\x1b[2J  app.views two a\\x1b="b\\r" "c\\nd"=1\nlines\t\\x1b[2J\\x07\\x9b\\ud83d'
    )


def test_the_format_of_the_time_can_be_chosen():
    record = logging.makeLogRecord({"name": "app", "levelname": "INFO", "levelno": 20, "msg": "x"})
    assert ConsoleFormatter(datefmt="at noon").format(record) == "at noon INFO     app x"


@pytest.mark.parametrize(
    ("level", "colour"), [(10, "2"), (20, "32"), (30, "33"), (35, "33"), (40, "31"), (50, "1;31")]
)
def test_levels_have_colours_on_a_terminal(level, colour, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    name = f"{logging.getLevelName(level):<8}"
    with terminal():
        assert line("x", level=level) == f"\x1b[{colour}m{name}\x1b[0m app.views x"


def test_no_color_is_respected(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    with terminal():
        assert line("x") == "INFO     app.views x"


def test_a_record_without_a_logger_is_a_line_of_the_root():
    line = ConsoleFormatter().format(logging.makeLogRecord({"msg": "hello"}))
    assert line.endswith("root hello")
