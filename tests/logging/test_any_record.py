"""Whatever is in a record and whatever was done to it: one strictly valid line with its content."""

import io
import logging
import math
import re
from typing import Any

import pytest
from django.utils.safestring import mark_safe
from hypothesis import given
from hypothesis import strategies as st

from dockerflow.logging import ConsoleFormatter, MozlogFormatter
from dockerflow.logging.jsonable import one_line
from tests.support.encoders import mozlogs
from tests.support.records import (
    THOROUGH,
    Unprintable,
    Unwilling,
    atoms,
    caught,
    logger,
    strictly_parsed,
    texts,
    values,
)

STANDARD = [*vars(logging.makeLogRecord({}))]


class UnprintableError(Exception):
    __repr__ = Unprintable.__repr__
    __str__ = Unprintable.__repr__


@st.composite
def exceptions(draw, depth=2):
    error = draw(st.sampled_from([ValueError, KeyError, UnprintableError]))(draw(texts))
    error.__notes__ = draw(st.lists(texts, max_size=2))
    if depth:
        error.__cause__ = draw(st.none() | exceptions(depth - 1))
        error.__context__ = draw(st.none() | exceptions(depth - 1))
    return caught(lambda: exec("raise error", {"error": error})) if draw(st.booleans()) else error


messages = st.one_of(texts, st.sampled_from(["%s", "%d of %r", "%(a)s", "%", "{}"]), values)
names = st.one_of(
    st.text(min_size=1),
    st.sampled_from(["Timestamp", "Fields", "error", "traceback", "stack", "rid", "logger_name"]),
).filter(lambda name: name not in {*STANDARD, "message", "asctime", "taskName", "color_message"})
extras = st.dictionaries(names, values | atoms, max_size=5)


@THOROUGH
@given(
    messages,
    st.lists(values, max_size=3),
    extras,
    st.none() | exceptions(),
    st.integers(1, 60),
    st.booleans(),
)
def test_any_record_is_one_strictly_valid_line_that_keeps_its_content(
    message, args, extra, error, level, stack
):
    handlers = [logging.StreamHandler(io.StringIO()) for _ in mozlogs]
    for handler, mozlog in zip(handlers, mozlogs.values(), strict=True):
        handler.setFormatter(mozlog.MozlogFormatter())
    logger(*handlers).log(level, message, *args, exc_info=error, stack_info=stack, extra=extra)
    [written] = {handler.stream.getvalue() for handler in handlers}
    line = strictly_parsed(written.removesuffix("\n"))
    fields = line["Fields"]

    assert written.isascii()
    assert_envelope(line)
    assert line["Type"] == "app.views"
    if type(message) is str and not args:
        assert fields.get("msg", "") == as_utf8(message)
    if type(message) is str:
        kept = {name for name in extra if extra[name] is not None} - {"logger_name"}
        assert kept <= {name.rstrip("_") for name in fields} | fields.keys()
        for name in kept - {"error", "traceback", "stack"}:
            if type(extra[name]) in (str, bool):
                assert fields[name] == as_utf8(extra[name])
    if type(extra.get("logger_name")) is str:
        assert line["Logger"] == as_utf8(extra["logger_name"])
    if type(error) in (ValueError, KeyError):
        assert fields["error"] == as_utf8(repr(error))
        assert "traceback" in fields
    assert not stack or "stack" in fields


def both_ways(record):
    """The record as `format` does it, and as the general way does it, without the time."""
    formatter = MozlogFormatter()
    pair = [formatter.format(record), one_line(formatter.plain_record(record))]
    lines = [strictly_parsed(line) for line in pair]
    for line in lines:
        assert_envelope(line)
        del line["Timestamp"]
    return lines


@THOROUGH
@given(texts, extras)
def test_the_fast_way_of_ordinary_records_leads_to_the_same(message, extra):
    record = logger().makeRecord("app", 20, "views.py", 1, message, (), None, extra=extra)
    fast, general = both_ways(record)

    assert fast == general


things = st.one_of(texts, atoms, st.booleans(), st.builds(Unwilling))
changes = st.lists(
    st.one_of(
        st.tuples(st.just("delete"), st.sampled_from(STANDARD)),
        st.tuples(st.just("set"), st.sampled_from([*STANDARD, "order", "rid", "message"]), things),
        st.tuples(st.just("delete and set"), st.sampled_from(STANDARD), things),
        st.tuples(st.just("reorder"), st.randoms(use_true_random=False)),
    ),
    max_size=4,
)


def changed(extra, done):
    """A record that somebody has changed after it was made."""
    record = logger().makeRecord("app", 20, "views.py", 1, "paid", (), None, extra=extra)
    attributes = vars(record)
    for what, *details in done:
        if what.startswith("delete"):
            attributes.pop(details[0], None)
        if what.endswith("set"):
            attributes[details[0]] = details[1]
        if what == "reorder":
            shuffled = [*attributes.items()]
            details[0].shuffle(shuffled)
            attributes.clear()
            attributes.update(shuffled)
    return record


@THOROUGH
@given(extras, changes)
def test_a_record_that_was_changed_in_any_way_is_a_line_with_its_extras(extra, done):
    record = changed(extra, done)
    attributes = vars(record)
    fast, general = both_ways(record)

    assert fast == general
    kept = {n for n, v in attributes.items() if v is not None and n not in STANDARD}
    assert kept - {"message", "logger_name"} <= {n.rstrip("_") for n in fast["Fields"]} | {
        *fast["Fields"]
    }


@THOROUGH
@given(extras, changes)
def test_the_console_shows_any_record_and_sends_the_terminal_no_codes(extra, done):
    shown = ConsoleFormatter().format(changed(extra, done))

    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", shown)


@pytest.mark.parametrize("attribute", STANDARD)
@pytest.mark.parametrize("back", [False, True])
def test_a_record_without_a_standard_attribute_keeps_its_extras(attribute, back):
    record = logger().makeRecord("app", 20, "views.py", 1, "paid", (), None, extra={"order": 7})
    value = vars(record).pop(attribute)
    if back:
        setattr(record, attribute, value)
    fast, general = both_ways(record)

    assert fast == general
    assert fast["Fields"] == {"order": 7, **({"msg": "paid"} if attribute != "msg" or back else {})}


@pytest.mark.parametrize("module", mozlogs.values(), ids=mozlogs)
@pytest.mark.parametrize(
    ("extra", "fields"),
    [
        ({1: "a", "1": "b"}, {"1": "a", "1_": "b"}),
        ({mark_safe("a"): 1}, {"a": 1}),
        ({"n": 2**70}, {"n": 2**70}),
        ({"n": -(2**63)}, {"n": -(2**63)}),
        ({"n": -(2**63) - 1, "rid": "abc"}, {"rid": "abc", "n": -(2**63) - 1}),
        ({"t": 1e-7}, {"t": 1e-7}),
        ({"half": "\ud83d"}, {"half": "\\ud83d"}),
        ({"safe": mark_safe("<b>")}, {"safe": "<b>"}),
        ({"rid": 7}, {"rid": 7}),
        ({"Fields": {}}, {"Fields": {}}),
        ({"asctime": "now", "message": "m", "taskName": None}, {}),
        ({"color_message": "\x1b[36mstarted\x1b[0m", "port": 8000}, {"port": 8000}),
    ],
    ids=ascii,
)
def test_extras_of_rare_kinds_are_fields(module, extra, fields):
    record = logging.makeLogRecord({"msg": "m", "name": "app", **extra})

    line = strictly_parsed(module.MozlogFormatter().format(record))
    assert [*line["Fields"].items()] == [("msg", "m"), *fields.items()]


@pytest.mark.parametrize(
    "attributes",
    [
        {"created": "soon"},
        {"created": math.nan},
        {"created": math.inf},
        {"levelno": "INFO"},
        {"levelno": True},
        {"levelno": math.nan},
        {"name": ["app"]},
        {"name": mark_safe("app")},
        {"name": None},
        {"process": "x"},
        {"process": True},
        {"process": 10**5000},
        {"created": 10**5000},
        {"created": 1e290},
        {"logger_name": 7},
        {"logger_name": Unprintable()},
        {"args": Unwilling()},
        {"msg": Unwilling(), "args": Unwilling()},
        {"exc_info": Unwilling(), "exc_text": Unwilling(), "stack_info": Unwilling()},
        {"exc_info": (ValueError, None, None)},
        {"exc_info": True},
        {"request": Unwilling(), "rid": Unwilling()},
    ],
    ids="-".join,
)
def test_a_record_made_of_what_came_from_elsewhere_is_a_line(attributes):
    fast, general = both_ways(logging.makeLogRecord({"levelno": 20, "msg": "m", **attributes}))

    assert fast == general


def test_names_that_are_equal_and_not_the_same_are_kept_apart():
    formatter = MozlogFormatter()
    records = [logging.makeLogRecord({"name": name, "levelno": 20}) for name in (1, True, 1.0, "1")]

    lines = [strictly_parsed(formatter.format(record)) for record in records]
    assert [line["Type"] for line in lines] == ["1", "True", "1.0", "1"]


def test_a_line_of_code_may_log_other_fields_each_time():
    formatter = MozlogFormatter()
    extras = [{"a": 1}, {"b": 2}, {"b": 3}, {"a": 4, "b": 5}, {}, {"b": None}, {"c": 6}]
    records = [logger().makeRecord("app", 20, "a.py", 1, "", (), None, extra=e) for e in extras]

    said = [strictly_parsed(formatter.format(record))["Fields"] for record in records]
    assert said == [
        {"a": 1}, {"b": 2}, {"b": 3}, {"a": 4, "b": 5}, {"msg": ""}, {"msg": ""}, {"c": 6},
    ]  # fmt: skip


def test_a_logger_of_its_own_for_every_request_keeps_its_name():
    formatter = MozlogFormatter()
    for number in range(2500):
        record = logging.makeLogRecord({"name": f"request.{number}", "levelno": 20})
        assert strictly_parsed(formatter.format(record))["Type"] == f"request.{number}"


def test_the_name_on_the_lines_can_be_changed_later():
    formatter, record = MozlogFormatter(), logging.makeLogRecord({"msg": "m", "name": "app"})
    before = strictly_parsed(formatter.format(record))["Logger"]
    formatter.logger_name = "shop"

    assert [before, strictly_parsed(formatter.format(record))["Logger"]] == ["Dockerflow", "shop"]


def assert_envelope(line: dict[str, Any]) -> None:
    types = {name: type(value) for name, value in line.items()}
    assert types == {
        "Timestamp": int,
        "Type": str,
        "Logger": str,
        "Hostname": str,
        "EnvVersion": str,
        "Severity": int,
        "Pid": int,
        "Fields": dict,
    }
    assert line["EnvVersion"] == "2.0"
    assert line["Severity"] in range(8)
    assert line["Fields"]


def as_utf8(value: Any) -> Any:
    return value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value
