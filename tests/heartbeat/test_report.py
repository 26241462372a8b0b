"""What becomes of what a check returns or raises, seen through a heartbeat."""

import asyncio
import types
from dataclasses import FrozenInstanceError
from types import SimpleNamespace
from typing import NamedTuple

import pytest

from dockerflow.heartbeat import Heartbeat
from dockerflow.heartbeat.report import Check, Message, Report, Result, execute, status


class Said(NamedTuple):
    """A message as another framework might have it."""

    level: int
    msg: object
    id: str | None = None


class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError("this exception cannot be put in words")


def messages(function):
    check = Check("check", "key", function)
    [result] = Heartbeat().run_inline([check], fail_level=30).report.results
    return list(result.messages)


def raises(error):
    def function():
        raise error

    return function


async def awaited():
    await asyncio.sleep(0)
    return [Said(20, "awaited", "x.I001")]


@types.coroutine
def awaited_in_the_old_way():
    yield
    return [Said(20, "awaited", "x.I001")]


def generator():
    yield Said(20, "yielded", "x.I001")


def broken_generator():
    yield Said(20, "yielded", "x.I001")
    raise ValueError("half way")


async def async_generator():
    yield Said(20, "yielded", "x.I001")


def junk(text):
    return [Message(50, "dockerflow.health.C003", text)]


def critical(text):
    return [Message(50, "dockerflow.health.C002", text)]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (list, []),
        (lambda: [Said(30, "text", "x.W001")], [Message(30, "x.W001", "text")]),
        (lambda: (Said(30, 5),), [Message(30, "check", "5")]),
        (generator, [Message(20, "x.I001", "yielded")]),
        (awaited, [Message(20, "x.I001", "awaited")]),
        (awaited_in_the_old_way, [Message(20, "x.I001", "awaited")]),
    ],
)
def test_messages_come_from_any_iterable_and_any_awaitable(function, expected):
    assert messages(function) == expected


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda: None, "check returned NoneType where a list of messages belongs"),
        (lambda: "ok", "check returned str where a list of messages belongs"),
        (lambda: b"ok", "check returned bytes where a list of messages belongs"),
        (lambda: 1, "check returned int where a list of messages belongs"),
        (lambda: {"status": "ok"}, "check returned str where a message belongs"),
        (
            lambda: [SimpleNamespace(msg="")],
            "check returned SimpleNamespace where a message belongs",
        ),
        (
            lambda: [SimpleNamespace(level=0)],
            "check returned SimpleNamespace where a message belongs",
        ),
        (async_generator, "check returned async_generator where a list of messages belongs"),
    ],
)
def test_junk_becomes_a_critical_message(function, text):
    assert messages(function) == junk(text)


def test_junk_among_messages_spares_the_messages():
    said = Said(20, "text", "x.I001")
    assert messages(lambda: [said, None, said]) == [
        Message(20, "x.I001", "text"),
        *junk("check returned NoneType where a message belongs"),
        Message(20, "x.I001", "text"),
    ]


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (raises(ValueError("boom")), "check raised ValueError: boom"),
        (raises(ValueError()), "check raised ValueError"),
        (raises(SystemExit(3)), "check raised SystemExit: 3"),
        (raises(KeyboardInterrupt()), "check raised KeyboardInterrupt"),
        (raises(asyncio.CancelledError()), "check raised asyncio.exceptions.CancelledError"),
        (
            raises(Unspeakable()),
            "check raised tests.heartbeat.test_report.Unspeakable: <exception str() failed>",
        ),
        (broken_generator, "check raised ValueError: half way"),
        (lambda: [Said("high", "text")], "check raised ValueError: invalid literal for int()"),
        (
            lambda: [Said(30, Unspeakable())],
            "check raised RuntimeError: this exception cannot be put in words",
        ),
    ],
)
def test_an_exception_becomes_a_critical_message(function, text):
    [message] = messages(function)
    assert [Message(message.level, message.id, message.msg.partition(" with")[0])] == critical(text)


class Unformattable(SyntaxError):
    """Its place in the source is needed for the text, and raises."""

    @property
    def lineno(self):
        raise RuntimeError("no line")


def test_an_exception_that_cannot_be_formatted_is_known_by_its_type():
    result = execute(Check("check", "key", raises(Unformattable("bad"))))
    assert list(result.messages) == critical("check raised Unformattable")


def test_neither_a_message_nor_an_exception_gives_a_credential_away():
    url = "postgres://user:hunter2@db/app"
    scrubbed = "postgres://***@db/app"
    assert messages(lambda: [Said(30, url, "x.W001")]) == [Message(30, "x.W001", scrubbed)]
    assert messages(raises(OSError(url))) == critical(f"check raised OSError: {scrubbed}")


def test_a_level_between_two_names_has_the_lower_name():
    assert [status(level) for level in (0, 5, 10, 20, 29, 30, 35, 40, 50, 90)] == [
        "ok",
        "ok",
        "debug",
        "info",
        "info",
        "warning",
        "warning",
        "error",
        "critical",
        "critical",
    ]


def test_a_level_below_zero_is_ok():
    [message] = messages(lambda: [Said(-5, "text", "x.D001")])
    assert status(message.level) == "ok"


def test_checks_with_one_key_are_the_same_check():
    assert Check("a", 1, list) == Check("a", 1, dict)
    assert Check("a", 1, list) != Check("a", 2, list)


SLOW = Message(30, "x.W001", "slow")
DOWN = Message(40, "x.E001", "down")


def result(*said, name="check", required=True):
    return Result(Check(name, name, list, required=required), said, 0.01264)


def test_a_result_as_json_keeps_all_texts_that_share_an_id():
    slower = Message(30, "x.W001", "and slower")
    assert result(SLOW, DOWN, slower).as_dict() == {
        "status": "error",
        "level": 40,
        "messages": {"x.W001": "slow\nand slower", "x.E001": "down"},
        "duration_ms": 12.6,
    }


def test_a_result_without_messages_is_ok():
    assert result().as_dict() == {
        "status": "ok",
        "level": 0,
        "messages": {},
        "duration_ms": 12.6,
    }


def test_a_report_cannot_be_changed():
    report = Report((result(),), fail_level=30)
    frozen = [report, *report.results, report.results[0].check, SLOW]
    for part in frozen:
        field = next(iter(vars(part)))
        with pytest.raises(FrozenInstanceError):
            setattr(part, field, None)


def test_a_report_is_as_bad_as_the_worst_of_what_is_required():
    optional = result(DOWN, name="optional", required=False)
    report = Report((result(SLOW), result(name="fine"), optional), fail_level=30)
    assert (report.level, report.failed) == (30, True)
    assert (Report(report.results, fail_level=40).failed, Report((), fail_level=10).level) == (
        False,
        0,
    )


def test_a_report_as_json_names_its_checks_to_those_only_who_may_see_them():
    optional = result(DOWN, name="optional", required=False)
    report = Report((result(SLOW), result(name="fine"), optional), fail_level=30)
    assert report.as_dict(details=False) == {"status": "warning"}
    assert report.as_dict(details=True) == {
        "status": "warning",
        "checks": {"check": "warning", "fine": "ok", "optional": "error"},
        "details": {
            "check": result(SLOW).as_dict(),
            "fine": result().as_dict(),
            "optional": result(DOWN).as_dict(),
        },
    }
