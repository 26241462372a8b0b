"""Tracebacks are complete and have no line that somebody else wrote."""

import re
import sys

from dockerflow.logging import safer_format_traceback


def lines(raising) -> list[str]:
    """The lines of the traceback, without those that show where in this file."""
    try:
        raising()
    except BaseException:
        text = safer_format_traceback(*sys.exc_info())
    return [line for line in text.split("\n") if not line.startswith("  ")]


def test_an_exception_is_where_it_was_raised_its_type_and_its_repr():
    try:
        int("4\nUncaught exception:")
    except ValueError as error:
        line = error.__traceback__.tb_lineno
        text = safer_format_traceback(*sys.exc_info())
    assert re.sub(r"^ +[~^]+\n", "", text, flags=re.MULTILINE) == (
        "Uncaught exception:\n"
        f'  File "{__file__}", line {line}, in '
        "test_an_exception_is_where_it_was_raised_its_type_and_its_repr\n"
        '    int("4\\nUncaught exception:")\n'
        "<class 'ValueError'>\n"
        """ValueError("invalid literal for int() with base 10: '4\\\\nUncaught exception:'")\n"""
    )


def test_what_an_exception_was_raised_from_comes_before_it():
    def outer():
        try:
            {}["host"]
        except KeyError as error:
            try:
                raise ValueError("no host") from error
            except ValueError:
                raise RuntimeError("no mail")  # noqa: B904

    assert lines(outer) == [
        "Uncaught exception:",
        "<class 'KeyError'>",
        "KeyError('host')",
        "",
        "The above exception was the direct cause of this one:",
        "",
        "<class 'ValueError'>",
        "ValueError('no host')",
        "",
        "While the above exception was being handled, this one occurred:",
        "",
        "<class 'RuntimeError'>",
        "RuntimeError('no mail')",
        "",
    ]


def test_what_an_exception_disowns_is_left_out():
    def outer():
        try:
            {}["host"]
        except KeyError:
            raise ValueError("no host") from None

    assert lines(outer) == [
        "Uncaught exception:",
        "<class 'ValueError'>",
        "ValueError('no host')",
        "",
    ]


def test_exceptions_that_caused_each_other_are_shown_once():
    def outer():
        first, second = ValueError(1), ValueError(2)
        first.__cause__, second.__cause__ = second, first
        raise first

    assert [line for line in lines(outer) if line.startswith("ValueError")] == [
        "ValueError(2)",
        "ValueError(1)",
    ]


def test_notes_are_shown_without_lines_of_their_own():
    def outer():
        error = ValueError("x")
        error.__notes__ = ["see\nthe manual"]
        raise error

    assert lines(outer)[1:] == ["<class 'ValueError'>", "ValueError('x')", r"'see\nthe manual'", ""]


def test_notes_that_are_no_list_are_shown_as_they_are():
    def outer():
        error = ValueError("x")
        error.__notes__ = 5
        raise error

    assert lines(outer)[1:] == ["<class 'ValueError'>", "ValueError('x')", "5", ""]


def test_the_exceptions_of_a_group_follow_it():
    def outer():
        try:
            raise ValueError("cause")
        except ValueError as error:
            inner = KeyError("a")
            inner.__cause__ = error
        raise ExceptionGroup("both", [inner, TypeError("b")])

    assert lines(outer) == [
        "Uncaught exception:",
        "<class 'ExceptionGroup'>",
        "ExceptionGroup('both', [KeyError('a'), TypeError('b')])",
        "",
        "One of the exceptions in the group above:",
        "",
        "<class 'ValueError'>",
        "ValueError('cause')",
        "",
        "The above exception was the direct cause of this one:",
        "",
        "<class 'KeyError'>",
        "KeyError('a')",
        "",
        "One of the exceptions in the group above:",
        "",
        "<class 'TypeError'>",
        "TypeError('b')",
        "",
    ]


def test_an_exception_that_is_in_the_group_it_led_to_is_shown_once():
    def outer():
        error = ValueError("x")
        raise ExceptionGroup("both", [error]) from error

    assert lines(outer).count("ValueError('x')") == 1


def test_no_exception_is_shown_as_none():
    assert safer_format_traceback(None, None, None) == "Uncaught exception:\nNone\nNone\n"
