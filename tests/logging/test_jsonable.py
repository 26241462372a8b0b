"""Any object as plain data, and plain data as one line that is the same from every encoder."""

import math
from collections import OrderedDict, namedtuple
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import PurePosixPath
from uuid import UUID

import pytest
from django.test import RequestFactory
from django.utils.datastructures import MultiValueDict
from django.utils.functional import SimpleLazyObject, lazy, lazystr
from django.utils.safestring import mark_safe
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy, ngettext_lazy, override, pgettext_lazy
from hypothesis import given

from dockerflow.logging.jsonable import jsonable, one_line
from tests.support.encoders import jsonables
from tests.support.records import THOROUGH, strictly_parsed, values


class Colour(Enum):
    RED = "r"


class Code(IntEnum):
    OK = 200


@dataclass
class Login:
    user: str
    password: str = field(repr=False)


class Unprintable:
    def __repr__(self) -> str:
        raise ValueError("no repr today")


class HalfHidden(list):
    def __iter__(self):
        raise RuntimeError


Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ("é", "é"),
        (mark_safe("<b>"), "<b>"),
        (True, True),
        (7, 7),
        (2**200, 2**200),
        (Code.OK, 200),
        (1.5, 1.5),
        (math.nan, "NaN"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (Decimal("1.10"), "1.10"),
        (Decimal("NaN"), "NaN"),
        (date(2026, 2, 1), "2026-02-01"),
        (datetime(2026, 2, 1, 3, 4, tzinfo=UTC), "2026-02-01T03:04:00+00:00"),
        (time(3, 4, 5, 6), "03:04:05.000006"),
        (timedelta(days=1, seconds=2), "1 day, 0:00:02"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (PurePosixPath("/app"), "/app"),
        (b"caf\xc3\xa9 \xff", "café \\xff"),
        (bytearray(b"a"), "a"),
        (memoryview(b"abcd")[::2], "ac"),
        (Colour.RED, "<Colour.RED: 'r'>"),
        (Login("ann", "hunter2"), "Login(user='ann')"),
        (KeyError("x"), "KeyError('x')"),
        (range(3), "range(0, 3)"),
        (Unprintable(), "<Unprintable that can't be shown: ValueError>"),
        (None, "None"),
        ([1, None, "a"], [1, "None", "a"]),
        (HalfHidden([1]), [1]),
        ((1, (2,)), [1, [2]]),
        (Point(1, 2), [1, 2]),
        (frozenset({1}), [1]),
        ({"a": {"b": None}, "c": None}, {"a": {}}),
        (OrderedDict(a=1), {"a": 1}),
        (MultiValueDict({"a": ["1", "2"]}), {"a": ["1", "2"]}),
        ({1: "int", 2.5: "float", False: "bool"}, {"1": "int", "2.5": "float", "False": "bool"}),
        (
            {(1, 2): "pair", None: "none", Decimal(3): "id"},
            {"(1, 2)": "pair", "None": "none", "3": "id"},
        ),
        ({1: "int", "1": "str"}, {"1": "int", "1_": "str"}),
    ],
)
def test_every_object_has_a_plain_form(value, plain):
    form = jsonable(value)
    assert (form, type(form)) == (plain, type(plain))


def test_an_integer_that_python_refuses_to_print_is_hexadecimal():
    assert jsonable(16**5000) == "0x1" + "0" * 5000


def test_a_container_inside_itself_is_shown_as_python_shows_it():
    day = {"name": "Monday"}
    day["again"] = [day]
    assert jsonable(day) == {
        "name": "Monday",
        "again": ["{'name': 'Monday', 'again': [{...}]}"],
    }


def test_what_is_nested_too_deeply_is_shown_as_python_shows_it():
    nest = "core"
    for _ in range(40):
        nest = [nest]
    line = one_line(jsonable(nest))
    assert line == "[" * 32 + '"' + "[" * 8 + "'core'" + "]" * 8 + '"' + "]" * 32


def test_a_list_nested_deeper_than_python_can_follow_is_no_error():
    nest = []
    for _ in range(100_000):
        nest = [nest]
    assert "RecursionError" in one_line(jsonable(nest))


class Wrapper:
    """Wraps a request as Django REST framework does."""

    def __init__(self, request):
        self._request = request

    def __getattr__(self, name):
        return getattr(self._request, name)

    def __repr__(self):
        return f"<Wrapper: {self.get_full_path()}>"


def test_a_wrapped_request_is_shown_without_its_query_string():
    request = RequestFactory().get("/reset/?token=hunter2")
    assert jsonable(Wrapper(request)) == "<Wrapper: GET '/reset/'>"


class Folder:
    def get_full_path(self):
        return "/home"

    def __repr__(self):
        return "<Folder home>"


class PaymentError(Exception):
    def __init__(self, text, request):
        super().__init__(text)
        self._request = request


def test_what_has_a_path_and_is_no_request_is_its_repr():
    assert jsonable(Folder()) == "<Folder home>"


def test_what_keeps_a_request_is_its_repr():
    error = PaymentError("card 7 declined", RequestFactory().get("/pay"))
    assert jsonable(error) == repr(error)


def test_a_request_is_shown_without_its_query_string():
    request = RequestFactory().get("/reset/?token=hunter2")
    assert jsonable({"request": request}) == {"request": "<WSGIRequest: GET '/reset/'>"}


@pytest.mark.parametrize(
    "lazy",
    [
        gettext_lazy("Monday"),
        pgettext_lazy("day", "Monday"),
        ngettext_lazy("Monday", "Mondays", 1),
        format_lazy("{}day", "Mon"),
        lazystr("Monday"),
        lazy(lambda: mark_safe("Monday"), str)(),
    ],
)
def test_a_lazy_translation_is_its_text(lazy):
    assert jsonable({"day": lazy, lazy: [lazy]}) == {"day": "Monday", "Monday": ["Monday"]}


def test_a_lazy_translation_is_in_the_language_of_the_request():
    with override("de"):
        assert jsonable(gettext_lazy("Monday")) == "Montag"


def test_a_lazy_translation_that_fails_is_named():
    assert jsonable(lazy(lambda: 1 / 0, str)()).endswith("can't be shown: ZeroDivisionError>")


def test_a_lazy_object_is_not_evaluated():
    lazy = SimpleLazyObject(lambda: pytest.fail("evaluated"))
    assert jsonable(lazy).startswith("<SimpleLazyObject: <function ")


@pytest.mark.parametrize(
    ("plain", "line"),
    [
        ({"a": [1, True, 0.5, "x"]}, '{"a":[1,true,0.5,"x"]}'),
        ("é 😀", '"é 😀"'),
        ('"\\/\b\f\n\r\t\0\x1f\x7f', '"\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f"'),
        ("\x85\u2028\u2029", '"\\u0085\\u2028\\u2029"'),
        ("half of a pair: \ud83d.", '"half of a pair: \\\\ud83d."'),
        ([0.0, -0.0, 0.1, 1e-4, 123456789.125], "[0.0,-0.0,0.1,0.0001,123456789.125]"),
        ([1e-05, 1.5e-07, 5e-324, 1e16, 1e22], "[1e-05,1.5e-07,5e-324,1e+16,1e+22]"),
        ([-(2**63), -(2**63) - 1], "[-9223372036854775808,-9223372036854775809]"),
        ([2**64 - 1, 2**64], "[18446744073709551615,18446744073709551616]"),
    ],
)
@pytest.mark.parametrize("module", jsonables.values(), ids=jsonables)
def test_a_line_is_the_same_from_every_encoder(module, plain, line):
    assert module.one_line(module.jsonable(plain)) == line


@THOROUGH
@given(values)
def test_any_object_is_the_same_strictly_valid_line_from_every_encoder(value):
    [line] = {module.one_line(module.jsonable(value)) for module in jsonables.values()}
    strictly_parsed(line)
