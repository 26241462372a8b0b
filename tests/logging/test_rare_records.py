"""Records that somebody has changed, or made of what came from elsewhere."""

import logging
import math

import pytest
from django.utils.safestring import mark_safe

from dockerflow.logging import MozlogFormatter
from tests.support.encoders import mozlogs
from tests.support.records import (
    STANDARD,
    Unprintable,
    Unwilling,
    both_ways,
    logger,
    strictly_parsed,
)


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
