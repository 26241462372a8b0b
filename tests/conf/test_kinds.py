"""What each kind of value takes, the typed value, and the clause about what it does not take."""

import json
import math
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockerflow.conf import dotted, kinds

KINDS = {
    "boolean": kinds.boolean,
    "above zero": kinds.seconds(zero=False),
    "zero or more": kinds.seconds(zero=True),
    "integer": kinds.integer(500, 599),
    "choice": kinds.choice("debug", "always", "never"),
    "path": kinds.path,
    "file": kinds.file,
    "header_name": kinds.header_name,
    "secret": kinds.secret,
    "names": kinds.names,
    "function": dotted.function,
    "system_checks": dotted.system_checks,
}


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        *[("boolean", text, True) for text in ("true", "YES", " on ", "t", "Y", "1", True, 1)],
        *[("boolean", text, False) for text in ("false", "No", "off", "F", "n", "0", False, 0)],
        ("above zero", "2.5", 2.5),
        ("above zero", " 1e-3 ", 0.001),
        ("above zero", Decimal(2), 2.0),
        ("zero or more", "0", 0.0),
        ("zero or more", 0, 0.0),
        ("integer", "503", 503),
        ("integer", 500, 500),
        ("integer", 599.0, 599),
        ("choice", "ALWAYS", "always"),
        ("choice", " debug ", "debug"),
        ("path", " /srv/app ", Path("/srv/app")),
        ("path", Path("relative"), Path("relative")),
        ("file", " /run/drain ", Path("/run/drain")),
        ("header_name", "X-Request-ID", "X-Request-ID"),
        ("secret", " hunter2! ", "hunter2!"),
        ("names", "a, b,,c#d,it's,x\\y", ["a", "b", "c#d", "it's", "x\\y"]),
        ("names", '["a", " b,c "]', ["a", "b,c"]),
        ("names", " [] ", []),
        ("names", [], []),
        ("names", ("a", " b "), ["a", "b"]),
        ("names", {"c", "a", " b "}, ["b", "a", "c"]),
        ("names", frozenset(), []),
        ("function", " a.b.c ", "a.b.c"),
        ("function", "ä.b_1", "ä.b_1"),
        ("system_checks", "a.b, c.d,a.b", ["a.b", "c.d"]),
        ("system_checks", "[]", []),
        ("system_checks", "check_caches", ["dockerflow.django.checks.check_caches"]),
        ("system_checks", "a.b[c, d ,c],e.f", ["a.b[c,d]", "e.f"]),
        ("system_checks", '["a.b[c,d]", "a.b [c]"]', ["a.b[c,d]", "a.b[c]"]),
        (
            "system_checks",
            ["a.b[c]", "check_x[d]"],
            ["a.b[c]", "dockerflow.django.checks.check_x[d]"],
        ),
        ("system_checks", "a.b[http://[::1]:8000/,x]", ["a.b[http://[::1]:8000/,x]"]),
    ],
)
def test_a_good_value_becomes_a_typed_one(kind, given, expected):
    parsed = KINDS[kind].parse(given)

    assert (parsed, type(parsed)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("kind", "given", "clause"),
    [
        ("boolean", "maybe", "is neither true nor false"),
        ("boolean", "", "is neither true nor false"),
        ("boolean", 2, "is neither true nor false"),
        ("above zero", "abc", "is not a number"),
        *[("above zero", text, "is not a number") for text in ("1_0", "\u0665", "\uff15")],
        ("above zero", True, "is a boolean"),
        ("above zero", [1], "is not a number"),
        ("above zero", 10**400, "is not a number"),
        ("above zero", "0", "is out of range"),
        ("above zero", "-1", "is out of range"),
        ("above zero", "inf", "is out of range"),
        ("above zero", "nan", "is out of range"),
        ("zero or more", -0.1, "is out of range"),
        ("integer", "abc", "is not a number"),
        ("integer", "500.5", "is not a whole number"),
        ("integer", "inf", "is not a whole number"),
        ("integer", 499, "is out of range"),
        ("integer", 600, "is out of range"),
        ("choice", "alwys", "is not debug, always or never; did you mean always?"),
        ("choice", "sometimes", "is not debug, always or never"),
        ("choice", 10, "is of type int"),
        ("path", " ", "is blank"),
        ("path", "a\0b", "holds a NUL character"),
        ("path", 1, "is of type int"),
        ("path", b"/app", "is of type bytes"),
        ("file", "run/drain", "is not absolute"),
        ("file", "~/drain", "is not absolute"),
        ("header_name", "X Request", "is not a header name"),
        (
            "header_name",
            "HTTP_X_REQUEST_ID",
            "is a key of request.META; write X-Request-ID",
        ),
        (
            "header_name",
            "http_traceparent",
            "is a key of request.META; write Traceparent",
        ),
        ("header_name", "X-Request-ID:", "is not a header name"),
        ("header_name", "ä", "is not a header name"),
        ("secret", "a b", "holds blanks or characters that no Authorization header can carry"),
        ("secret", "pä", "holds blanks or characters that no Authorization header can carry"),
        ("secret", b"s", "is of type bytes"),
        ("names", "", "names nothing (write [] for an empty list)"),
        ("names", " , ,", "names nothing (write [] for an empty list)"),
        ("names", "[a", "is not a JSON array (Expecting value: line 1 column 2 (char 1))"),
        ("names", "[1]", "holds 1, which is not a name"),
        ("names", ["a", ""], "holds '', which is not a name"),
        ("names", {"a": 1}, "is of type dict"),
        ("names", {"a", 1}, "holds 1, which is not a name"),
        ("names", 1, "is of type int"),
        ("function", "module", "is not a dotted path"),
        ("function", "a..b", "is not a dotted path"),
        ("function", "a.1", "is not a dotted path"),
        ("function", "a.b()", "is not a dotted path"),
        (
            "system_checks",
            "a.b,c d",
            "holds 'c d', which is neither a dotted path nor the name of a check",
        ),
        ("system_checks", "a.b[", "has brackets that do not match"),
        ("system_checks", "a.b]", "has brackets that do not match"),
        ("system_checks", ["a.b[c"], "has brackets that do not match"),
        ("system_checks", ["a.b[c]d"], "has brackets that do not match"),
        ("system_checks", ["a.b[[c]"], "has brackets that do not match"),
        ("system_checks", "a.b[ , ]", "names nothing in its brackets"),
        ("system_checks", "a.b[]", "names nothing in its brackets"),
        ("system_checks", " , ", "names nothing (write [] for an empty list)"),
    ],
)
def test_a_bad_value_is_refused_with_a_clause(kind, given, clause):
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 (compared below)
        KINDS[kind].parse(given)

    assert str(refusal.value) == clause


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
@settings(deadline=None)
@given(
    value=st.text()
    | st.from_regex(r"\[.*\]")
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.binary()
    | st.lists(st.text() | st.none())
    | st.sets(st.text() | st.none())
)
def test_any_value_becomes_a_typed_one_or_a_value_error(kind, value):
    try:
        parsed = kind.parse(value)
    except ValueError as refusal:
        assert str(refusal)  # noqa: PT017 (either is right)
    else:
        assert kind.parse(parsed) == parsed


@settings(deadline=None)
@given(names=st.lists(st.text().map(str.strip).filter(bool), min_size=1))
def test_a_list_survives_as_a_json_array(names):
    assert kinds.names.parse(json.dumps(names)) == names


@settings(deadline=None)
@given(number=st.floats(min_value=0, exclude_min=True, allow_infinity=False))
def test_a_number_of_seconds_survives_as_text(number):
    parsed = kinds.seconds(zero=False).parse(str(number))

    assert math.isclose(parsed, number)


def test_what_was_expected_reads_as_the_end_of_a_sentence():
    assert {name: kind.expected for name, kind in KINDS.items()} == {
        "boolean": "true, yes, on, t, y, 1 or false, no, off, f, n, 0",
        "above zero": "a number of seconds, above 0",
        "zero or more": "a number of seconds, 0 or more",
        "integer": "a whole number from 500 to 599",
        "choice": "debug, always or never",
        "path": "a path",
        "file": "the absolute path of a file",
        "header_name": "the name of an HTTP header",
        "secret": "a secret of printable ASCII characters without blanks",
        "names": "a list of names, comma-separated or as a JSON array",
        "function": "the dotted path of a function",
        "system_checks": (
            "a list of checks by name or dotted path, comma-separated or as a JSON array"
        ),
    }
