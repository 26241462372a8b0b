"""What the engine logs: changes, and each once."""

import importlib
import logging
import re
import time
from functools import partial

import pytest

from dockerflow import health
from dockerflow.heartbeat.report import Check, Message
from tests.support.engine import SOON, Engine, Hang, bad, check, said
from tests.support.waiting import settle


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.DEBUG)
    return caplog


def lines(log):
    """Level and first line of each record, with "#" for how long something took."""
    texts = [record.getMessage().partition("\n")[0] for record in log.records]
    numberless = [re.sub(r"\d+(\.\d)? (?=m?s$)", "# ", text) for text in texts]
    return [(r.levelname, text) for r, text in zip(log.records, numberless, strict=True)]


def test_a_check_that_fails_ten_times_and_recovers_is_two_records(log):
    outcomes = iter([[], *[bad()] * 5, *[bad(40, "worse")] * 5, [], []])
    engine = Engine()
    for _ in range(13):
        engine.run([check("flaps", lambda: next(outcomes))])
    assert lines(log) == [
        ("DEBUG", "flaps passed (ok) in # ms"),
        ("ERROR", "flaps failed (warning) in # ms"),
        *[("DEBUG", "flaps failed (warning) in # ms")] * 4,
        *[("DEBUG", "flaps failed (error) in # ms")] * 5,
        ("INFO", "flaps passes again after # s"),
        ("DEBUG", "flaps passed (ok) in # ms"),
    ]
    assert {record.name for record in log.records} == {"dockerflow.checks.registry"}


def test_a_record_says_what_to_do_about_a_failure_and_not_afterwards(log):
    problem = Message(40, "x.E001", "down", "Call.")
    known = Message(30, "dockerflow.health.W001", "old")
    outcomes = iter([[problem, known], [Message(20, "x.I001", "info", "Look.")]])
    engine = Engine()
    for _ in range(2):
        engine.run([check("flaps", lambda: next(outcomes))])

    assert [record.getMessage().splitlines()[1:] for record in log.records] == [
        ["x.E001: down", "    Call.", "dockerflow.health.W001: old", "    Run manage.py migrate."],
        ["x.I001: info"],
    ]


def test_an_answer_refers_to_the_log_and_the_log_record_does_not(log):
    def fails():
        raise OSError("gone")

    answer = Engine().run([check("raises", fails)])

    [message] = answer.report.results[0].messages
    assert message.advice == (
        "Correct the check, or the code that it calls. The log record from the start of this"
        " failure has the traceback."
    )
    assert log.records[0].getMessage().splitlines()[1:] == [
        "dockerflow.health.C002: raises raised OSError: gone",
        "    Correct the check, or the code that it calls.",
    ]


def test_an_optional_check_that_fails_is_a_warning(log):
    outcomes = iter([bad(40), []])
    engine = Engine()
    for _ in range(2):
        engine.run([check("may", lambda: next(outcomes), required=False)])
    assert lines(log) == [
        ("WARNING", "may failed (error) in # ms"),
        ("INFO", "may passes again after # s"),
    ]
    assert [record.optional for record in log.records] == [True, True]


def test_a_recovery_says_how_long_the_check_failed(log):
    outcomes = iter([bad(), bad(), []])
    engine = Engine()
    for pause in (0.1, 0.1, 0):
        engine.run([check("flaps", lambda: next(outcomes))])
        time.sleep(pause)
    assert log.records[-1].getMessage() in {f"flaps passes again after 0.{n} s" for n in "234"}


def test_the_report_says_since_when_each_check_and_the_whole_are_as_they_are():
    outcomes = iter([[], bad(), bad(40), []])
    engine, since = Engine(), []
    for _ in range(4):
        report = engine.run([check("flaps", lambda: next(outcomes)), check("steady")]).report
        since.append((report.since, *(result.since for result in report.results)))
        time.sleep(0.001)
    (whole, flaps, steady), failing, still_failing, passing = since
    assert still_failing == failing
    assert [failing[2], passing[2]] == [steady, steady]
    assert whole < failing[0] < passing[0]
    assert flaps < failing[1] < passing[1]


def test_what_waits_for_a_check_that_hangs_neither_fails_nor_recovers(log):
    engine, hang, outcome = Engine(), Hang(), bad()
    hang.released.set()
    checks = [check("first", hang, lane="log"), check("second", lambda: outcome, lane="log")]
    before = engine.run(checks).report.results[1].since
    hang.released.clear()
    meanwhile = engine.run(checks, timeout=SOON).report.results[1]
    outcome.clear()
    hang.released.set()
    settle(lambda: said(engine.run(checks)) == {"first": [], "second": []})
    assert (meanwhile.level, meanwhile.since) == (20, before)
    assert [line for line in lines(log) if line[0] != "DEBUG"] == [
        ("ERROR", "second failed (warning) in # ms"),
        ("ERROR", "first has not finished (critical) after # ms"),
        ("INFO", "first passes again after # s"),
        ("INFO", "second passes again after # s"),
    ]


def test_inline_runs_log_changes_as_well(log):
    outcomes = iter([bad(), bad(), []])
    engine = Engine()
    for _ in range(3):
        engine.run_inline([check("flaps", lambda: next(outcomes))], fail_level=30)
    assert [record.levelname for record in log.records] == ["ERROR", "DEBUG", "INFO"]


FIELDS = ("check", "subject", "optional", "status", "message_ids", "duration_ms", "stack")


def fields(record):
    return {name: vars(record)[name] for name in FIELDS if name in vars(record)}


def test_a_record_names_the_check_its_messages_and_its_duration(log):
    answer = Engine().run([check("bad", lambda: [*bad(), *bad(40, "other")])])
    [record] = log.records
    duration_ms = answer.report.results[0].duration_ms
    assert (
        record.getMessage()
        == f"bad failed (error) in {duration_ms} ms\nx.W001: text\nx.W001: other"
    )
    assert fields(record) == {
        "check": "bad",
        "status": "error",
        "message_ids": ["x.W001"],
        "duration_ms": duration_ms,
    }


def test_a_record_names_the_subject(log):
    answer = Engine().run([check("bad", bad, subject="eu", required=False)])
    [record] = log.records
    duration_ms = answer.report.results[0].duration_ms
    assert record.getMessage() == f"bad[eu] failed (warning) in {duration_ms} ms\nx.W001: text"
    assert fields(record) == {
        "check": "bad",
        "subject": "eu",
        "optional": True,
        "status": "warning",
        "message_ids": ["x.W001"],
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


def test_the_first_record_of_a_hung_check_says_where_it_hangs(log):
    engine = Engine()
    for _ in range(3):
        engine.run([check("hung", Hang())], timeout=SOON)
    stacks = [getattr(record, "stack", None) for record in log.records]
    assert "self.released.wait(LATE)" in stacks[0]
    assert stacks[1:] == [None, None]


def test_two_checks_of_one_name_fail_each_for_itself(log):
    engine = Engine()
    for key in ("one", "other"):
        engine.run([Check("twin", key, bad)])
    assert [record.levelname for record in log.records] == ["ERROR", "ERROR"]


def test_a_stack_begins_with_the_check(log):
    engine, hang = Engine(), Hang()

    engine.run([check("hangs", hang)], timeout=SOON)
    hang.released.set()

    first = log.records[0].stack.splitlines()[0]
    assert first.endswith(", in __call__")
    assert "tests/support/engine.py" in first


def test_a_filter_that_raises_breaks_no_heartbeat_and_loses_no_later_record(log, capsys):
    def refuses(record):
        if "first" in record.getMessage():
            raise LookupError("a project's own filter")
        return True

    logger = logging.getLogger("dockerflow.checks.registry")
    logger.addFilter(refuses)
    try:
        answer = Engine().run([check("first", bad), check("second", bad)])
    finally:
        logger.removeFilter(refuses)

    assert answer.report.failed
    assert lines(log) == [("ERROR", "second failed (warning) in # ms")]
    assert capsys.readouterr().err.count("LookupError: a project's own filter") == 1


def test_the_state_of_a_subject_that_is_gone_is_forgotten():
    engine = Engine()

    for number in range(300):
        engine.run([check(f"pod-{number}")])

    assert len(engine._changes._states) == 2  # of the last check and of the whole


def test_a_message_that_is_too_long_is_cut_and_keeps_no_part_of_a_password():
    word = "postgres://user:hunter2@host/"
    long = f"{'x' * 9_980} {word}{'y' * 2_000_000}"

    answer = Engine().run([check("long", lambda: bad(text=long))])

    kept = f"{'x' * 9_980} postgres://***@host/"[:10_000]
    text = f"{kept} … ({len(long)} characters)"
    assert said(answer) == {"long": [(30, "x.W001", text)]}


def test_a_message_without_blanks_that_is_too_long_is_cut_too():
    answer = Engine().run([check("long", lambda: bad(text="x" * 2_000_000))])

    text = f"{'x' * 10_000} … (2000000 characters)"
    assert said(answer) == {"long": [(30, "x.W001", text)]}


def test_what_hangs_says_where_it_waits_from_the_first_heartbeat_on():
    engine, hang = Engine(), Hang()

    answers = [engine.run([check("hangs", hang)], timeout=SOON) for _ in range(2)]
    hang.released.set()

    hints = [answer.report.results[0].messages[0].hint for answer in answers]
    assert hints[0].startswith("It waits in tests.support.engine, line ")
    assert ", in __call__. " in hints[0]
    assert hints[0].endswith(health.ADVICE[health.CRITICAL_CHECK_TIMED_OUT])
    assert hints[1] == hints[0]


def test_what_hangs_in_a_library_says_in_which(tmp_path, monkeypatch):
    folder = tmp_path / "site-packages" / "driver"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("def ask(hang):\n    return hang.released.wait(20)\n")
    monkeypatch.syspath_prepend(folder.parent)
    driver = importlib.import_module("driver")
    engine, hang = Engine(), Hang()

    answer = engine.run([check("asks", partial(driver.ask, hang))], timeout=SOON)
    hang.released.set()

    assert (
        answer.report.results[0].messages[0].hint.startswith("It waits in driver, line 2, in ask. ")
    )
