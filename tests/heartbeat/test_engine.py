"""The engine alone: what checks do to it, and who shares what."""

import asyncio
import itertools
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

import pytest

from dockerflow.heartbeat import Answer
from dockerflow.heartbeat.report import Check, Message, Report, Result
from tests.support.engine import (
    BAD,
    LATE,
    SOON,
    Engine,
    Hang,
    bad,
    check,
    hung,
    said,
    threads,
    waiting,
)
from tests.support.waiting import settle


def test_a_report_holds_the_results_in_the_order_of_the_checks():
    checks = [check("b", bad), check("a"), check("c", lambda: bad(40), subject="x")]
    began = datetime.now(UTC)
    report, new = Engine().run(checks)
    b, a, c = report.results
    assert (report, new) == (
        Report(
            (
                Result(checks[0], (Message(30, "x.W001", "text"),), b.duration, since=b.since),
                Result(checks[1], (), a.duration, since=a.since),
                Result(checks[2], (Message(40, "x.W001", "text"),), c.duration, since=c.since),
            ),
            fail_level=30,
            since=report.since,
        ),
        True,
    )
    for part in (report, b, a, c):
        assert began <= part.since <= datetime.now(UTC)


def test_the_level_is_the_worst_of_the_required_checks():
    checks = [check("a", bad), check("b", lambda: bad(50), required=False), check("c")]
    assert Engine().run(checks).report.level == 30
    assert Engine().run(checks[1:]).report.level == 0


def test_no_checks_are_a_report_without_results():
    report, new = Engine().run([])
    assert (report, new) == (Report((), fail_level=30, since=report.since), True)


def test_checks_run_side_by_side():
    both = threading.Barrier(2)

    def meet():
        both.wait(LATE)
        return []

    assert said(Engine().run([check("a", meet), check("b", meet)])) == {"a": [], "b": []}


def test_checks_of_a_lane_run_one_after_another_in_one_thread_that_stays():
    seen = []

    def note():
        seen.append((threading.current_thread(), threading.current_thread().daemon))
        return []

    engine, checks = Engine(), [check(name, note, lane="lane") for name in "abc"]
    engine.run(checks)
    engine.run(checks)
    assert seen == [(seen[0][0], True)] * 6


def test_one_answer_in_time_whatever_the_checks_do():
    reader, writer = os.pipe()

    async def waits():
        await asyncio.sleep(LATE)

    def exits():
        raise SystemExit

    started = time.monotonic()
    answer = Engine().run(
        [
            check("good", bad),
            check("sleeps", Hang()),
            check("hangs_in_c", partial(os.read, reader, 1)),
            check("waits", waits),
            check("first_of_lane", Hang(), lane="lane"),
            check("second_of_lane", lane="lane"),
            check("other_lane", lane="other"),
            check("exits", exits),
        ],
        timeout=SOON,
    )
    assert time.monotonic() - started < LATE / 2
    os.close(writer)
    assert said(answer) == {
        "good": BAD,
        **hung("sleeps"),
        **hung("hangs_in_c"),
        **hung("waits"),
        **hung("first_of_lane"),
        **waiting("second_of_lane", "first_of_lane"),
        "other_lane": [],
        "exits": [(50, "dockerflow.health.C002", "exits raised SystemExit")],
    }


def test_a_hung_check_is_reported_at_once_and_costs_one_thread_once():
    engine, hang = Engine(), Hang()
    checks = [check("once", hang), check("good", bad)]
    engine.run(checks, timeout=SOON)
    started = time.monotonic()
    answers = [engine.run(checks) for _ in range(5)]
    assert time.monotonic() - started < LATE / 2
    assert [said(answer) for answer in answers] == [{**hung("once"), "good": BAD}] * 5
    assert (hang.runs, len(threads("once"))) == (1, 1)


def test_the_result_of_a_hung_check_says_for_how_long_and_that_it_is_not_finished():
    hangs, passes = Engine().run([check("a", Hang()), check("b")], timeout=SOON).report.results
    assert hangs.duration >= SOON
    assert (hangs.finished, passes.finished) == (False, True)


def test_what_a_hung_check_returns_late_is_dropped_and_it_runs_anew():
    released, returned = threading.Event(), iter([bad(50, "late"), []])

    def function():
        released.wait(LATE)
        return next(returned)

    engine, checks = Engine(), [check("late", function)]
    assert said(engine.run(checks, timeout=SOON)) == hung("late")
    released.set()
    settle(lambda: not threads("late"))
    assert said(engine.run(checks)) == {"late": []}


def test_a_lane_goes_on_when_its_hung_check_returned():
    engine, hang = Engine(), Hang()
    checks = [check("first", hang, lane="lane"), check("second", bad, lane="lane")]
    engine.run(checks, timeout=SOON)
    hang.released.set()
    settle(lambda: said(engine.run(checks)) == {"first": [], "second": BAD})


def test_fifty_at_a_time_share_a_run_and_one_of_them_is_first():
    engine, hang, all_there = Engine(), Hang(), threading.Barrier(50)
    checks = [check("hang", hang), check("lane", hang, lane="lane"), check("bad", bad)]

    def ask(number):
        all_there.wait(LATE)
        return engine.run(checks)

    with ThreadPoolExecutor(50) as pool:
        pending = pool.map(ask, range(50))
        settle(lambda: hang.runs == 2)
        time.sleep(SOON)
        hang.released.set()
        answers = list(pending)
    rounds = hang.runs // 2
    assert rounds in {1, 2}  # who came after the end of the first one began a second
    assert len({id(answer.report) for answer in answers}) == rounds
    assert [answer.new for answer in answers].count(True) == rounds


@pytest.mark.parametrize("lane", [None, "lane"])
def test_bursts_within_the_ttl_are_one_run_each(lane):
    runs = []

    def function():
        time.sleep(0.01)
        runs.append(1)
        return []

    checks = [check("counted", function, lane=lane), check("other")]
    with ThreadPoolExecutor(100) as pool:
        for number in range(50):
            engine = Engine()
            answers = pool.map(lambda _, e=engine: e.run(checks, ttl=LATE), range(100))
            assert [answer.new for answer in answers].count(True) == 1
            assert len(runs) == number + 1


def test_who_comes_late_waits_for_the_deadline_of_the_first():
    engine, hang = Engine(), Hang()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(engine.run, [check("hang", hang)], timeout=SOON)
        settle(lambda: hang.runs)
        second = engine.run([check("hang", hang)])
    assert second.report is first.result().report
    assert {first.result().new, second.new} == {True, False}


def test_a_finished_report_is_served_again_while_the_ttl_lasts_a_bad_one_too():
    engine, numbers = Engine(), itertools.count()
    checks = [check("bad", lambda: bad(50, next(numbers)))]
    first = engine.run(checks, ttl=LATE)
    assert engine.run(checks, ttl=LATE) == Answer(first.report, new=False)
    time.sleep(0.01)
    assert said(engine.run(checks, ttl=0.01)) == {"bad": [(50, "x.W001", "1")]}
    assert said(engine.run(checks)) == {"bad": [(50, "x.W001", "2")]}


def test_what_ends_late_is_in_the_report_that_is_served_again_while_the_ttl_lasts():
    engine, hang, numbers = Engine(), Hang(), itertools.count()
    checks = [check("hang", hang), check("number", lambda: bad(20, next(numbers)))]
    first = engine.run(checks, timeout=SOON, ttl=LATE)
    number = {"number": [(20, "x.W001", "0")]}
    assert said(first) == {**hung("hang"), **number}
    second = engine.run(checks, ttl=LATE)
    assert (said(second), second.new) == (said(first), False)
    assert second.report.results[0].duration > first.report.results[0].duration
    hang.released.set()
    settle(lambda: engine.run(checks, ttl=LATE).report.level < 50)
    assert said(engine.run(checks, ttl=LATE)) == {"hang": [], **number}
    assert hang.runs == 1


def test_a_report_renewed_within_the_ttl_is_new_to_one_heartbeat_and_no_younger():
    engine, hang = Engine(), Hang()
    checks = [check("hang", hang)]
    engine.run(checks, timeout=SOON, ttl=LATE)
    hang.released.set()
    settle(lambda: not threads("hang"))
    answers = [engine.run(checks, ttl=LATE) for _ in range(3)]
    assert [(answer.report.level, answer.new) for answer in answers] == [
        (0, True),
        (0, False),
        (0, False),
    ]
    time.sleep(0.01)
    assert engine.run(checks, ttl=0.01).new
    assert hang.runs == 2


def test_heartbeats_with_different_fail_levels_share_no_round():
    engine, checks = Engine(), [check("bad", bad)]
    failed = [
        engine.run(checks, ttl=LATE, fail_level=level).report.failed for level in (30, 40, 30)
    ]
    assert failed == [True, False, True]


def test_a_heartbeat_while_a_test_has_set_the_clock_is_not_the_last(monkeypatch):
    engine, numbers = Engine(), itertools.count()
    checks = [check("number", lambda: bad(20, next(numbers)))]
    with monkeypatch.context() as future:
        future.setattr(time, "monotonic", lambda: 1e12)
        engine.run(checks)
    assert said(engine.run(checks, ttl=LATE)) == {"number": [(20, "x.W001", "1")]}


def test_other_checks_run_whatever_the_ttl_and_what_hangs_is_not_doubled():
    engine, hang = Engine(), Hang()
    engine.run([check("hang", hang)], timeout=SOON, ttl=LATE)
    answer = engine.run([check("new"), check("hang", hang)], ttl=LATE)
    assert said(answer) == {"new": [], **hung("hang")}
    assert hang.runs == 1


def test_one_check_asked_for_in_two_ways_runs_once_and_answers_both():
    hang = Hang()
    hang.released.set()
    checks = [Check("must", "one", hang), Check("may", "one", hang, required=False)]
    report = Engine().run(checks).report
    assert [(r.check.name, r.check.required) for r in report.results] == [
        ("must", True),
        ("may", False),
    ]
    assert hang.runs == 1


def test_a_hung_run_is_reported_under_the_name_of_the_requested_check():
    engine, hang = Engine(), Hang()
    optional, required = Check("may", "one", hang, required=False), Check("must", "one", hang)
    assert not engine.run([optional], timeout=SOON).report.failed
    answer = engine.run([required])
    assert said(answer) == hung("must")
    assert answer.report.failed


@pytest.mark.parametrize("lane", [None, "lane"])
def test_who_is_interrupted_while_checks_start_leaves_no_run_behind(monkeypatch, lane):
    engine, checks = Engine(), [check("one"), check("two", lane=lane), check("three", lane=lane)]
    start, starts = threading.Thread.start, iter([True, False])

    def interrupted(thread):
        if not next(starts):
            raise KeyboardInterrupt
        start(thread)

    with monkeypatch.context() as while_checks_start:
        while_checks_start.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt):
            engine.run(checks)
    assert said(engine.run(checks)) == {"one": [], "two": [], "three": []}


def test_there_is_no_longest_timeout():
    assert said(Engine().run([check("good")], timeout=1e30)) == {"good": []}


def test_a_thread_that_cannot_be_started_is_a_message_and_is_tried_again():
    engine, checks = Engine(), [check("free"), check("laned", lane="lane")]
    size = threading.stack_size(1 << 46)  # more than there is
    try:
        answer = engine.run(checks)
    finally:
        threading.stack_size(size)
    text = "raised RuntimeError: can't start new thread"
    assert said(answer) == {
        "free": [(50, "dockerflow.health.C002", f"free {text}")],
        "laned": [(50, "dockerflow.health.C002", f"laned {text}")],
    }
    assert said(engine.run(checks)) == {"free": [], "laned": []}


def test_inline_checks_run_in_turn_in_the_callers_thread():
    seen = []

    def note():
        seen.append(threading.current_thread())
        return bad()

    checks = [check("a", note), check("b", note, lane="lane")]
    answer = Engine().run_inline(checks, fail_level=30)
    assert (said(answer), answer.new) == ({"a": BAD, "b": BAD}, True)
    assert seen == [threading.current_thread()] * 2
