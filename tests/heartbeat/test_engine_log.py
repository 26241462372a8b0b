"""What the engine logs: changes, and each once."""

import logging

import pytest

from dockerflow.heartbeat.report import Check
from tests.support.engine import SOON, Engine, Hang, bad, check


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.DEBUG)
    return caplog


def lines(log):
    return [(r.name, r.levelname, r.getMessage().partition(" after ")[0]) for r in log.records]


def test_a_check_that_fails_ten_times_and_recovers_is_two_records(log):
    outcomes = iter([[], *[bad()] * 5, *[bad(40, "worse")] * 5, [], []])
    engine = Engine()
    for _ in range(13):
        engine.run([check("flaps", lambda: next(outcomes))])
    name = "dockerflow.checks.registry"
    assert lines(log) == [
        (name, "DEBUG", "flaps is ok"),
        (name, "ERROR", "flaps is warning"),
        *[(name, "DEBUG", "flaps is warning")] * 4,
        *[(name, "DEBUG", "flaps is error")] * 5,
        (name, "INFO", "flaps is ok"),
        (name, "DEBUG", "flaps is ok"),
    ]


def test_inline_runs_log_changes_as_well(log):
    outcomes = iter([bad(), bad(), []])
    engine = Engine()
    for _ in range(3):
        engine.run_inline([check("flaps", lambda: next(outcomes))], fail_level=30)
    assert [record.levelname for record in log.records] == ["ERROR", "DEBUG", "INFO"]


def test_a_record_names_the_check_its_messages_and_its_duration(log):
    answer = Engine().run([check("bad", lambda: [*bad(), *bad(40, "other")], required=False)])
    [record] = log.records
    duration_ms = round(answer.report.results[0].duration * 1000, 1)
    assert (
        record.getMessage() == f"bad is error after {duration_ms} ms\nx.W001: text\nx.W001: other"
    )
    extra = {name: vars(record)[name] for name in ("check", "status", "messages", "duration_ms")}
    assert extra == {
        "check": "bad",
        "status": "error",
        "messages": ["x.W001: text", "x.W001: other"],
        "duration_ms": duration_ms,
    }


def test_what_counts_as_failing_is_for_the_caller_to_say(log):
    engine = Engine()
    engine.run([check("bad", bad)], fail_level=40)
    engine.run([check("bad", bad)], fail_level=30)
    assert [record.levelname for record in log.records] == ["DEBUG", "ERROR"]


def test_a_traceback_is_logged_once(log):
    def raises():
        raise ValueError("boom")

    engine = Engine()
    for _ in range(3):
        engine.run([check("raises", raises)])
    tracebacks = [record.exc_info and repr(record.exc_info[1]) for record in log.records]
    assert tracebacks == ["ValueError('boom')", None, None]


def test_the_record_of_a_hung_check_says_where_it_hangs(log):
    Engine().run([check("hung", Hang())], timeout=SOON)
    [record] = log.records
    assert "self.released.wait(LATE)" in record.stack


def test_two_checks_of_one_name_fail_each_for_itself(log):
    engine = Engine()
    for key in ("one", "other"):
        engine.run([Check("twin", key, bad)])
    assert [record.levelname for record in log.records] == ["ERROR", "ERROR"]
