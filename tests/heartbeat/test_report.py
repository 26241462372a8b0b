"""What becomes of what a check returns or raises, seen through a heartbeat."""

import asyncio
import types
from dataclasses import FrozenInstanceError
from types import SimpleNamespace
from typing import NamedTuple

import pytest

from dockerflow.heartbeat import Heartbeat
from dockerflow.heartbeat.report import Check, Message, Report, Result, status
from dockerflow.heartbeat.runs import execute


class Said(NamedTuple):
    """A message as another framework might have it."""

    level: int
    msg: object
    id: str | None = None


class Hinted(NamedTuple):
    """A message with a hint."""

    level: int
    msg: str
    id: str
    hint: object


class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError("this exception cannot be put in words")


class Vicious(Exception):
    def __str__(self):
        raise SystemExit("not even a string of this one")

    @property
    def __notes__(self):
        raise SystemExit("nor its notes")


def messages(function, subject=None):
    check = Check("check", "key", function, subject)
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


async def task():
    return asyncio.ensure_future(awaited())


async def future():
    done = asyncio.get_running_loop().create_future()
    done.set_result([])
    return done


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
        (lambda: [Hinted(30, "t", "x", "redo")], [Message(30, "x", "t", "redo")]),
        (lambda: [Hinted(30, "t\n\n", "x", "redo\n")], [Message(30, "x", "t", "redo")]),
        (lambda: [Hinted(30, "t", "x", None)], [Message(30, "x", "t")]),
        (lambda: [Hinted(30, "t", "x", 5)], [Message(30, "x", "t", "5")]),
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
        (lambda: None, "check returned NoneType, expected a list of messages"),
        (lambda: "ok", "check returned str, expected a list of messages"),
        (lambda: b"ok", "check returned bytes, expected a list of messages"),
        (lambda: 1, "check returned int, expected a list of messages"),
        (lambda: {"status": "ok"}, "check returned str, expected a message"),
        (
            lambda: [SimpleNamespace(msg="")],
            "check returned SimpleNamespace, expected a message",
        ),
        (
            lambda: [SimpleNamespace(level=0)],
            "check returned SimpleNamespace, expected a message",
        ),
        (async_generator, "check returned async_generator, expected a list of messages"),
        (task, "check returned Task, expected a list of messages"),
        (future, "check returned Future, expected a list of messages"),
    ],
)
def test_junk_becomes_a_critical_message(function, text):
    assert messages(function) == junk(text)


def test_junk_among_messages_spares_the_messages():
    said = Said(20, "text", "x.I001")
    assert messages(lambda: [said, None, said]) == [
        Message(20, "x.I001", "text"),
        *junk("check returned NoneType, expected a message"),
        Message(20, "x.I001", "text"),
    ]


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (raises(ValueError("boom")), "check raised ValueError: boom"),
        (raises(ValueError()), "check raised ValueError"),
        (raises(SystemExit(3)), "check raised SystemExit: 3"),
        (raises(asyncio.CancelledError()), "check raised asyncio.exceptions.CancelledError"),
        (
            raises(Unspeakable()),
            "check raised tests.heartbeat.test_report.Unspeakable: <exception str() failed>",
        ),
        (broken_generator, "check raised ValueError: half way"),
        (
            raises(
                BaseExceptionGroup(
                    "one", [ExceptionGroup("two", [ValueError("boom")]), SystemExit(3)]
                )
            ),
            (
                "check raised BaseExceptionGroup: one (2 sub-exceptions)\n"
                "ExceptionGroup: two (1 sub-exception)\nValueError: boom\nSystemExit: 3"
            ),
        ),
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


def test_ctrl_c_ends_a_run_in_the_main_thread():
    with pytest.raises(KeyboardInterrupt):
        messages(raises(KeyboardInterrupt()))


def test_an_interrupt_in_a_thread_of_a_check_is_a_critical_message():
    check = Check("check", "key", raises(KeyboardInterrupt()))
    [result] = Heartbeat().run([check], timeout=60, ttl=0, fail_level=30).report.results
    assert list(result.messages) == critical("check raised KeyboardInterrupt")


class Unformattable(SyntaxError):
    """Its place in the source is needed for the text, and raises."""

    @property
    def lineno(self):
        raise RuntimeError("no line")


def test_an_exception_that_cannot_be_formatted_is_known_by_its_type():
    result = execute(Check("check", "key", raises(Unformattable("bad"))))
    assert list(result.messages) == critical("check raised Unformattable")


def test_an_exception_that_exits_when_it_is_shown_is_known_by_its_type():
    result = execute(Check("check", "key", raises(Vicious())))
    assert list(result.messages) == critical("check raised Vicious")
    assert result.error is None


def test_an_exception_without_even_a_name_is_one_all_the_same():
    class Nameless(type):
        def __getattribute__(cls, name):
            raise SystemExit

    class Unnamed(Exception, metaclass=Nameless):
        pass

    assert messages(raises(Unnamed())) == critical("check raised an exception that cannot be shown")


def test_a_message_of_the_engine_names_the_subject():
    assert messages(raises(ValueError("boom")), "eu") == critical(
        "check[eu] raised ValueError: boom"
    )
    assert messages(lambda: None, "eu") == junk(
        "check[eu] returned NoneType, expected a list of messages"
    )


def test_neither_a_message_nor_an_exception_gives_a_credential_away():
    url = "postgres://user:hunter2@db/app"
    scrubbed = "postgres://***@db/app"
    assert messages(lambda: [Said(30, url, "x.W001")]) == [Message(30, "x.W001", scrubbed)]
    assert messages(lambda: [Hinted(30, "t", "x", url)]) == [Message(30, "x", "t", scrubbed)]
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


def details(*results):
    """What a report tells those who may see details of its one check."""
    [found] = Report(results, fail_level=30).as_dict(details=True)["details"].values()
    return found


def test_the_details_keep_all_texts_that_share_an_id():
    slower = Message(30, "x.W001", "and slower")
    assert details(result(SLOW, DOWN, slower)) == {
        "status": "error",
        "level": 40,
        "messages": {"x.W001": "slow\nand slower", "x.E001": "down"},
        "duration_ms": 12.6,
    }


def test_a_result_without_messages_is_ok():
    assert details(result()) == {"status": "ok", "level": 0, "messages": {}, "duration_ms": 12.6}


def test_the_details_hold_each_hint_once():
    first = Message(30, "x.W001", "eu lags", "Wait.")
    second = Message(30, "x.W001", "us lags", "Wait.")
    third = Message(30, "x.W001", "asia lags", "Wait longer.")
    assert details(result(first, second, SLOW, third, DOWN))["hints"] == {
        "x.W001": "Wait.\nWait longer."
    }


def test_a_message_of_this_package_without_a_hint_says_what_to_do():
    waiting, unapplied = "dockerflow.health.I003", "dockerflow.health.W001"
    shown = details(result(Message(20, waiting, "waits"), Message(30, unapplied, "old", "Wait.")))

    assert shown["hints"] == {waiting: "Look at the check that it waits for.", unapplied: "Wait."}


def test_a_check_with_subjects_is_as_bad_as_its_worst_and_takes_as_long_as_its_slowest():
    slow = Result(Check("check", 1, list, "eu"), (SLOW,), 0.5)
    down = Result(Check("check", 2, list, "us", required=False), (DOWN,), 0.01)
    assert details(slow, down) == {
        "status": "error",
        "level": 40,
        "messages": {"x.W001": "slow", "x.E001": "down"},
        "duration_ms": 500.0,
        "subjects": {
            "eu": {"status": "warning", "duration_ms": 500.0},
            "us": {"status": "error", "duration_ms": 10.0, "optional": True},
        },
    }


def test_a_check_of_one_subject_has_no_list_of_subjects():
    only = Result(Check("check", 1, list, "eu"), (), 0.5)
    assert details(only) == {"status": "ok", "level": 0, "messages": {}, "duration_ms": 500.0}


def test_a_check_whose_subjects_are_all_optional_is_optional():
    eu, us = (
        Result(Check("check", subject, list, subject, required=False), (), 0.01)
        for subject in ("eu", "us")
    )
    found = details(eu, us)
    assert (found["optional"], found["subjects"]["eu"]) == (
        True,
        {"status": "ok", "duration_ms": 10.0, "optional": True},
    )


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
            "check": details(result(SLOW)),
            "fine": details(result()),
            "optional": {**details(result(DOWN)), "optional": True},
        },
    }
