"""Records in the mozlog schema: one line each, whatever is in it."""

import io
import json
import logging
import logging.handlers
import os
import re
import socket
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.test import RequestFactory
from django.utils.translation import gettext_lazy

from dockerflow.logging.mozlog import MozlogFormatter
from tests.support.records import Log, Unprintable, caught, strictly_parsed

INFO = 6


def test_a_record_is_one_line_in_the_mozlog_schema(log):
    log.logger.info("%s signed up", "Änne", extra={"plan": "pro", "age": 7, "ok": True})
    [line] = log.lines
    assert abs(line.pop("Timestamp") - time.time_ns()) < 60e9
    assert line == {
        "Type": "app.views",
        "Logger": "Dockerflow",
        "Hostname": socket.gethostname(),
        "EnvVersion": "2.0",
        "Severity": INFO,
        "Pid": os.getpid(),
        "Fields": {"msg": "Änne signed up", "plan": "pro", "age": 7, "ok": True},
    }
    assert list(line["Fields"]) == ["msg", "plan", "age", "ok"]


def test_the_schema_in_the_docs_names_what_is_in_a_line(log):
    log.logger.info("x")
    [line] = log.lines
    page = Path(__file__).parents[2].joinpath("docs", "logging.rst").read_text()
    [text] = re.findall(r"   :caption: JSON Schema\n\n((?:   .*\n)+)", page)
    schema = json.loads(text)
    assert schema["required"] == list(schema["properties"]) == list(line)
    severities = {*MozlogFormatter.SYSLOG_LEVEL_MAP.values()}
    assert {*schema["properties"]["Severity"]["enum"]} == severities


def test_a_line_is_compact_and_not_escaped_to_ascii(log):
    log.logger.info("größer 😀", extra={"a": [1, 2]})
    assert log.stream.getvalue().endswith('"Fields":{"msg":"größer 😀","a":[1,2]}}\n')


def test_the_timestamp_is_in_nanoseconds():
    record = logging.makeLogRecord({"msg": "x", "levelno": 20, "created": 1_700_000_000.0})
    assert MozlogFormatter().convert_record(record)["Timestamp"] == 1_700_000_000_000_000_000


@pytest.mark.parametrize(
    ("level", "severity"),
    [(0, 7), (5, 7), (10, 7), (19, 7), (20, 6), (25, 6), (30, 4), (35, 4), (40, 3), (50, 2)],
)
def test_a_level_between_two_of_the_standard_ones_counts_as_the_lower(level, severity):
    record = logging.makeLogRecord({"msg": "x", "levelno": level})
    assert json.loads(MozlogFormatter().format(record))["Severity"] == severity


@pytest.mark.parametrize("message", ["{", "{}", '{"spam": "eggs"}', "{user} was here", "%d%%", ""])
def test_a_message_is_kept_whatever_it_looks_like(log, message):
    log.logger.info(message)
    assert log.fields == {"msg": message}


def test_an_empty_message_beside_other_fields_is_left_out(log):
    log.logger.info("", extra={"code": 200})
    assert log.fields == {"code": 200}


def test_a_dict_as_message_is_fields(log):
    log.logger.info({"event": "signup", 7: date(2026, 2, 1), "none": None}, extra={"event": "x"})
    assert log.fields == {"event": "signup", "7": "2026-02-01", "event_": "x"}


def test_an_object_as_message_is_its_text(log):
    log.logger.info(ValueError("no such plan"))
    assert log.fields == {"msg": "no such plan"}


def test_arguments_that_do_not_fit_the_message_are_kept_beside_it(log):
    log.logger.info("%d of %d", "one", None)
    assert log.fields == {"msg": "%d of %d", "args": ["one", "None"]}


def test_an_argument_that_cannot_be_shown_is_named(log):
    log.logger.info("%r", Unprintable())
    shown = "<Unprintable that can't be shown: RuntimeError>"
    assert log.fields == {"msg": "%r", "args": [shown]}


def test_a_field_without_a_value_is_left_out(log):
    log.logger.info("x", extra={"user": None, "tags": [None], "owner": {"team": None}})
    assert log.fields == {"msg": "x", "tags": ["None"], "owner": {}}


def test_values_of_any_type_are_plain_fields(log):
    request = RequestFactory().get("/?token=hunter2")
    extra = {"day": date(2026, 2, 1), "name_": gettext_lazy("Sunday"), "t": 0.25}
    log.logger.info(gettext_lazy("Monday"), extra={**extra, "request": request})
    assert log.fields == {
        "msg": "Monday",
        "day": "2026-02-01",
        "name_": "Sunday",
        "request": "<WSGIRequest: GET '/'>",
        "t": 0.25,
    }


def test_extra_fields_cannot_take_the_place_of_the_envelope(log):
    extra = {"Timestamp": 1, "Type": "x", "Logger": "x", "Fields": {}}
    log.logger.info("x", extra=extra)
    [line] = log.lines
    assert (line["Type"], line["Logger"]) == ("app.views", "Dockerflow")
    assert line["Fields"] == {"msg": "x", **extra}


@pytest.mark.parametrize("extra", [{}, {"plan": "pro"}], ids=["alone", "with another"])
def test_a_records_own_logger_name_is_its_logger(log, extra):
    log.logger.info("x", extra={"logger_name": "shop", **extra})
    log.logger.info("y", extra={"logger_name": None, **extra})
    log.logger.info("z", extra=extra)

    assert [(line["Logger"], line["Fields"]) for line in log.lines] == [
        ("shop", {"msg": "x", **extra}),
        ("Dockerflow", {"msg": "y", **extra}),
        ("Dockerflow", {"msg": "z", **extra}),
    ]


def test_extra_fields_cannot_take_the_place_of_an_error(log):
    error = caught(lambda: {}["plan"])
    log.logger.info("x", exc_info=error, extra={"error": "mine", "traceback": None, "more": 1})
    fields = log.fields
    assert fields.pop("traceback").endswith("<class 'KeyError'>\nKeyError('plan')\n")
    assert fields == {"msg": "x", "error": "KeyError('plan')", "error_": "mine", "more": 1}


def test_extra_fields_with_names_that_are_no_strings_are_kept(log):
    log.logger.info("x", extra={1: "one", "1": "eins", (2, 3): None, (4,): "four"})
    assert log.fields == {"msg": "x", "1": "one", "1_": "eins", "(4,)": "four"}


def test_a_line_number_or_a_thread_is_no_field_unless_a_subclass_makes_it_one(log):
    class WithLine(MozlogFormatter):
        EXCLUDED_LOGRECORD_ATTRS = MozlogFormatter.EXCLUDED_LOGRECORD_ATTRS - {"filename"}

    class WithoutPlan(MozlogFormatter):
        EXCLUDED_LOGRECORD_ATTRS = MozlogFormatter.EXCLUDED_LOGRECORD_ATTRS | {"plan"}

    logs = [Log(WithLine()), Log(WithoutPlan())]
    for each in logs:
        each.logger.info("x", extra={"plan": "pro"})
    assert [each.fields for each in logs] == [
        {"msg": "x", "filename": "test_mozlog.py", "plan": "pro"},
        {"msg": "x"},
    ]


def test_a_subclass_may_change_the_line():
    class Marked(MozlogFormatter):
        def format(self, record: logging.LogRecord) -> str:
            return super().format(record) + " "

    log = Log(Marked())
    log.logger.info("größer")
    assert log.stream.getvalue().endswith('"Fields":{"msg":"größer"}} \n')


def test_what_another_formatter_leaves_in_a_record_is_no_field(log):
    other = logging.StreamHandler(io.StringIO())
    other.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    log.logger.handlers.insert(0, other)
    log.logger.info("x", extra={"plan": "pro"})
    assert log.fields == {"msg": "x", "plan": "pro"}


def test_fields_that_a_record_factory_sets_before_all_others_are_kept(log):
    class Record(logging.LogRecord):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self.release = "1.4.0"
            super().__init__(*args, **kwargs)

        def getMessage(self) -> str:
            return super().getMessage().upper()

    usual = logging.getLogRecordFactory()
    logging.setLogRecordFactory(Record)
    try:
        log.logger.info("x", extra={"plan": "pro"})
    finally:
        logging.setLogRecordFactory(usual)
    assert log.fields == {"msg": "X", "release": "1.4.0", "plan": "pro"}


def test_a_project_may_extend_the_record_with_values_of_any_type():
    class Formatter(MozlogFormatter):
        def convert_record(self, record):
            out = super().convert_record(record)
            out["Release"] = None
            out["Fields"]["day"] = date(2026, 2, 1)
            return out

    log = Log(Formatter())
    log.logger.info("x")
    [line] = log.lines
    assert list(line) == [
        "Timestamp", "Type", "Logger", "Hostname", "EnvVersion", "Severity", "Pid", "Fields",
    ]  # fmt: skip
    assert line["Fields"] == {"msg": "x", "day": "2026-02-01"}


def test_a_project_whose_extension_fails_loses_no_record():
    class Formatter(MozlogFormatter):
        def convert_record(self, record):
            return {"user": record.user}

    log = Log(Formatter())
    log.logger.info("x", extra={"plan": "pro"})
    error = AttributeError("'LogRecord' object has no attribute 'user'")
    assert log.fields == {"msg": "x", "plan": "pro", "convert_record_error": repr(error)}


def test_text_that_looks_like_json_is_recognised():
    likeness = [MozlogFormatter().is_value_jsonlike(text) for text in ('{"a": 1}', "{", '"a"}')]
    assert likeness == [True, False, False]


def test_what_a_record_lacks_is_added(monkeypatch):
    monkeypatch.setattr(logging, "logProcesses", False)
    line = strictly_parsed(MozlogFormatter().format(logging.makeLogRecord({})))
    del line["Timestamp"]
    assert line == {
        "Type": "root",
        "Logger": "Dockerflow",
        "Hostname": socket.gethostname(),
        "EnvVersion": "2.0",
        "Severity": 7,
        "Pid": os.getpid(),
        "Fields": {"msg": ""},
    }
