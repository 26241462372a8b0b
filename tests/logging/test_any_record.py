"""Whatever is in a record and whatever was done to it: one strictly valid line with its content."""

import io
import logging
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dockerflow.logging import ConsoleFormatter
from tests.support.encoders import mozlogs
from tests.support.records import (
    STANDARD,
    THOROUGH,
    Unprintable,
    Unwilling,
    assert_envelope,
    atoms,
    both_ways,
    caught,
    logger,
    strictly_parsed,
    texts,
    values,
)


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


def as_utf8(value: Any) -> Any:
    return value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value
