"""A chaos run notices when something is wrong."""

import json
import os
from http.client import HTTPMessage
from types import SimpleNamespace

import psutil
import pytest

from tests.chaos import aftermath
from tests.chaos.aftermath import judge_records, judge_recovery
from tests.chaos.failures import CONNECTED, DATABASE_REFUSED, MIGRATED, Failure, each
from tests.chaos.faults import Fault
from tests.chaos.invariants import judge_heartbeats, judge_liveness
from tests.chaos.lateness import Lateness
from tests.chaos.report import Report
from tests.chaos.watched import Asked
from tests.chaos.window import Window
from tests.support.web import Answer

E001 = {"dockerflow.health.E001": 'Could not connect to database "default": no'}
BOTH = f"{CONNECTED}[default], {CONNECTED}[healthy]"
RECOVERED = "heartbeats that pass from 2 s after its end on"
PASSING = (200, {"default": "ok", "healthy": "ok"}, {})
FAILING = (500, {"default": "error", "healthy": "ok"}, E001)


@pytest.fixture
def window():
    """PostgreSQL refuses connections from 10 to 20 s."""
    failure = Failure(DATABASE_REFUSED.ids, each((CONNECTED, "default")))
    refuses = Fault("PostgreSQL refuses", lambda: None, lambda: None, failure)
    return Window(refuses, 10, 10, 20, 20, Lateness(), 0)


def watched(*asked):
    prober = SimpleNamespace(take=lambda: asked)
    return SimpleNamespace(kind="sync", heartbeats=[prober], liveness=prober)


def heartbeat(asked, answered, status, subjects, messages):
    details = {
        CONNECTED: {
            "messages": messages,
            "subjects": {alias: {"status": found} for alias, found in subjects.items()},
        }
    }
    body = json.dumps({"details": details}).encode()
    return Asked(asked, answered, Answer(status, HTTPMessage(), body, answered - asked))


def expected(window):
    return [violation.expected.partition(", asked")[0] for violation in window.violations]


@pytest.mark.parametrize(
    ("asked", "answered", "answer", "violations"),
    [
        (8, 9, PASSING, []),
        (8, 9, FAILING, [f"{CONNECTED}[default] to pass"]),
        (9, 11, PASSING, []),
        (9, 11, FAILING, []),
        (12, 13, FAILING, []),
        (12, 13, PASSING, [f"a failure of {CONNECTED}[default]"]),
        (21, 21.1, FAILING, []),
        (22.5, 22.6, FAILING, [RECOVERED, f"{CONNECTED}[default] to pass"]),
        (12, 16, FAILING, ["an answer within 3.2 s"]),
        (12, 13, (200, *FAILING[1:]), ["a status of 500"]),
        (
            12,
            13,
            (500, {"default": "error", "healthy": "error"}, E001),
            [
                f"{CONNECTED}[healthy] to pass",
                f"messages that name {BOTH} and not {CONNECTED}[default]",
            ],
        ),
        (
            12,
            13,
            (*FAILING[:2], {"dockerflow.health.C001": f"{CONNECTED}[default] has been running"}),
            [f"one of ['E001'] of {CONNECTED}"],
        ),
    ],
)
def test_what_a_heartbeat_should_not_say_is_reported(window, asked, answered, answer, violations):
    later = heartbeat(21.5, 21.6, *PASSING)

    judge_heartbeats(window, watched(heartbeat(asked, answered, *answer), later))

    assert expected(window) == violations


def test_no_answer_is_reported_of_heartbeat_and_liveness(window):
    lost = watched(Asked(12, 13.5, ConnectionResetError()))

    judge_heartbeats(window, lost)
    judge_liveness(window, lost)

    assert expected(window) == [
        RECOVERED,
        "an answer",
        "/__lbheartbeat__ is 200",
        "an answer within 1 s",
    ]


@pytest.mark.parametrize(
    ("check", "subject", "levels", "violations"),
    [
        (CONNECTED, "default", ["ERROR", "INFO"], []),
        (CONNECTED, "default", ["ERROR"], ["one ERROR, one INFO record"]),
        (MIGRATED, "fresh", ["ERROR", "INFO"] * 2, ["one ERROR, one INFO record"]),
        (CONNECTED, "healthy", ["ERROR", "INFO"], ["no record"]),
        ("check_caches", "default", ["ERROR", "INFO"], ["no record"]),
    ],
)
def test_records_that_should_not_be_are_reported(window, check, subject, levels, violations):
    records = SimpleNamespace(take=lambda: ({(1, check, subject): levels}, ["Traceback"]))

    judge_records(window, watched(), records)

    assert [text.partition(" of check_")[0] for text in expected(window)] == [
        *violations,
        "no other record above INFO",
    ]


def test_what_a_fault_leaves_behind_is_reported(window, monkeypatch):
    monkeypatch.setattr(aftermath, "SETTLED", 0)
    left = SimpleNamespace(
        kind="sync",
        family=[psutil.Process()],
        processes=list,
        had={1: (6, 11)},
        resources=lambda: {1: (6, 12)},
        more_connections=lambda: "2 to PostgreSQL after 1",
        burst=lambda: None,
    )
    records = SimpleNamespace(read=lambda: None, failing={(1, CONNECTED, "default")})

    judge_recovery(window, left, records)

    assert [(violation.expected, violation.seen) for violation in window.violations] == [
        ("an INFO record after each ERROR record", str(records.failing)),
        (
            "no more threads and file descriptors than before",
            "{1: '6 threads after 6, 12 file descriptors after 11'}",
        ),
        ("no more connections to PostgreSQL and Redis than before", "2 to PostgreSQL after 1"),
        (f"the processes [{os.getpid()}]", "[]"),
    ]


def test_a_violation_is_printed_and_counted(window, capsys):
    window.report(12, watched(), "an answer", "none")
    report = Report()

    report.add(window, started=5)
    report.print()

    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("    5.0 s  PostgreSQL refuses for 10.0 s: 0 heartbeats, ")
    assert printed[1:4] == [
        "    7.0 s  VIOLATION with sync: PostgreSQL refuses",
        "           expected: an answer",
        "           seen: none",
    ]
    assert printed[-1] == "1 faults, 1 violations"
