"""Checks of one lane: one thread for them all, and what becomes of those that wait for another."""

import contextvars
import ctypes
import threading
import time

import pytest

from dockerflow.heartbeat import Heartbeat, Hooks
from dockerflow.heartbeat.report import Check
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


def subjects(name, function=list, aliases=("primary", "replica"), **options):
    """A check for each of several databases."""
    return [
        Check(name, (name, alias), function, alias, f"database {alias}", **options)
        for alias in aliases
    ]


def test_one_that_hangs_hides_no_other_subject_of_the_same_check():
    hang = Hang()
    checks = [
        Check("connected", 1, bad, "refused"),
        Check("connected", 2, hang, "silent"),
        Check("connected", 3, list, "fine"),
    ]
    engine = Engine()
    first = engine.run(checks, timeout=SOON)
    started = time.monotonic()
    later = [engine.run(checks) for _ in range(3)]
    assert time.monotonic() - started < LATE / 2
    expected = {"connected[refused]": BAD, **hung("connected[silent]"), "connected[fine]": []}
    assert [said(answer) for answer in (first, *later)] == [expected] * 4
    assert hang.runs == 1


def test_what_waits_for_a_check_that_hangs_names_it_and_is_no_failure_of_its_own():
    engine = Engine()
    checks = [*subjects("connected", Hang()), *subjects("migrated", bad)]
    expected = {
        **hung("connected[primary]"),
        **hung("connected[replica]"),
        **waiting("migrated[primary]", "connected[primary]"),
        **waiting("migrated[replica]", "connected[replica]"),
    }
    answers = [engine.run(checks, timeout=SOON) for _ in range(3)]
    assert [said(answer) for answer in answers] == [expected] * 3
    assert len(threads("database primary") + threads("database replica")) == 2


def test_what_waits_for_a_check_that_nobody_reports_is_critical():
    engine = Engine()
    engine.run([check("gone", Hang(), lane="lane1")], timeout=SOON)
    answer = engine.run([check("waits", lane="lane1")], timeout=SOON)
    assert said(answer) == waiting("waits", "gone", 50, "dockerflow.health.C001")


def test_those_that_are_first_run_first_and_optional_ones_last_whatever_the_order_of_the_report():
    ran = []

    def laned(name, **options):
        return check(name, lambda: ran.append(name) or [], lane="order", **options)

    checks = [laned("a", required=False), laned("b"), laned("c", first=True, required=False)]
    answer = Engine().run([*checks, laned("d")])
    assert ran == ["c", "b", "d", "a"]
    assert list(said(answer)) == ["a", "b", "c", "d"]


def test_an_optional_check_that_hangs_holds_up_no_required_one():
    engine, hang = Engine(), Hang()
    seen = []

    def note():
        seen.append(threading.current_thread())
        return []

    must = check("must", note, lane="lane3")
    checks = [must, check("may", hang, lane="lane3", required=False)]
    for _ in range(5):
        answer = engine.run(checks, timeout=SOON)
        assert said(answer) == {"must": [], **hung("may")}
        assert not answer.report.failed
    assert len(set(seen)) == 2
    assert seen[0] not in seen[1:]
    hang.released.set()
    settle(lambda: len(threads("lane3")) == 1)
    assert said(engine.run(checks)) == {"must": [], "may": []}
    assert len(threads("lane3")) == 1


def test_a_required_check_that_hangs_holds_up_its_lane_and_costs_one_thread():
    engine, hang = Engine(), Hang()
    checks = [check("first", lane="lane4"), check("second", hang, lane="lane4")]
    engine.run(checks, timeout=SOON)
    answers = [engine.run(checks, timeout=SOON) for _ in range(3)]
    expected = {**waiting("first", "second"), **hung("second")}
    assert [said(answer) for answer in answers] == [expected] * 3
    assert len(threads("lane4")) == 1
    hang.released.set()
    settle(lambda: said(engine.run(checks)) == {"first": [], "second": []})


@pytest.mark.parametrize("name", ["solo", "laned"])
def test_no_thread_ends_of_an_exception_that_exits_while_it_is_shown(name):
    class Vicious(BaseException):
        @property
        def __notes__(self):
            raise SystemExit

    def raises():
        raise Vicious

    engine = Engine()
    checks = [check(name, raises, lane="lane5" if name == "laned" else None)]
    text = [(50, "dockerflow.health.C002", f"{name} raised Vicious")]
    started = time.monotonic()
    assert [said(engine.run(checks)) for _ in range(3)] == [{name: text}] * 3
    assert time.monotonic() - started < LATE / 2


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_lane_whose_thread_is_gone_is_replaced():
    engine, checks = Engine(), [check("a", lane="lane6"), check("b", bad, lane="lane6")]
    engine.run(checks)
    [thread] = threads("lane6")
    kill = ctypes.pythonapi.PyThreadState_SetAsyncExc
    kill(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))
    engine.run(checks, timeout=SOON)  # which wakes it up
    settle(lambda: not thread.is_alive())
    assert said(engine.run(checks)) == {"a": [], "b": BAD}
    assert threads("lane6") != [thread]


def test_fifty_lanes_half_of_them_silent_answer_in_time_and_all_come_back():
    engine, hang = Engine(), Hang()
    aliases = [f"alias{number}" for number in range(50)]
    checks = [
        Check("connected", alias, list if number % 2 else hang, alias, f"database {alias}")
        for number, alias in enumerate(aliases)
    ]
    checks += subjects("migrated", list, aliases)

    def count():
        return [len(threads(f"database {alias}")) for alias in aliases]

    for _ in range(3):
        started = time.monotonic()
        answer = engine.run(checks, timeout=1)
        assert time.monotonic() - started < 1.1
        bad = [result.check.subject for result in answer.report.results if result.level == 50]
        assert bad == aliases[::2]
    assert count() == [1] * 50
    hang.released.set()
    settle(lambda: not engine.run(checks).report.level)
    assert count() == [1] * 50
    engine.stop_lanes(LATE)
    assert count() == [0] * 50


def test_a_lane_ends_and_the_next_heartbeat_begins_another():
    calls = []
    engine = Heartbeat(Hooks(before=lambda: calls.append("before"), after=calls.append))
    checks = [check("a", lane="lane7"), check("b", lane="lane7"), check("c")]
    limits = {"timeout": LATE, "ttl": 0, "fail_level": 30}
    engine.run(checks[:2], **limits)
    engine.stop_lanes(LATE)
    assert (calls, threads("lane7")) == (["before", "lane7", None], [])
    calls.clear()
    engine.run(checks[2:], **limits)
    engine.run(checks[:1], **limits)
    assert calls == ["before", None, "before", "lane7"]


def test_a_hook_may_raise():
    def refuses(*arguments):
        raise SystemExit(*arguments)

    for hook in ("before", "after"):
        engine = Heartbeat(Hooks(**{hook: refuses}))
        checks = [check("a", lane="lane8"), check("b", lane="lane8")]
        limits = {"timeout": LATE, "ttl": 0, "fail_level": 30}
        for _ in range(2):
            levels = [result.level for result in engine.run(checks, **limits).report.results]
            assert levels == ([50, 0] if hook == "before" else [0, 50])


TRACE = contextvars.ContextVar("trace", default="none")


@pytest.mark.parametrize("lane", [None, "lane"])
def test_a_thread_has_an_empty_context(lane):
    seen = []

    def note():
        seen.append(TRACE.get())
        TRACE.set("of a check")
        return []

    async def note_async():
        return note()

    engine = Engine()
    checks = [check("sync", note, lane=lane), check("async", note_async)]
    TRACE.set("of the first request")
    engine.run(checks)
    assert seen == ["none", "none"]


def test_a_required_check_that_waited_behind_an_optional_one_runs_in_the_next_heartbeat():
    engine, hang = Engine(), Hang()
    may = check("may", hang, lane="left", required=False, first=True)
    checks = [may, check("must", bad, lane="left")]

    first = engine.run(checks, timeout=SOON)
    later = [engine.run(checks, timeout=SOON) for _ in range(3)]

    assert said(first) == {**hung("may"), **waiting("must", "may")}
    assert [said(answer) for answer in later] == [{**hung("may"), "must": BAD}] * 3
    assert [answer.report.failed for answer in (first, *later)] == [False, True, True, True]
    assert hang.runs == 1
    hang.released.set()
    settle(lambda: len(threads("left")) == 1)
    assert said(engine.run(checks)) == {"may": [], "must": BAD}


def test_a_run_that_was_left_behind_in_a_stuck_lane_never_begins_there():
    engine, hang, ran = Engine(), Hang(), []
    may = check("may", hang, lane="left too", required=False)
    must = check("must", lambda: ran.append(1) or [], lane="left too")

    begun = threading.Thread(target=engine.run, args=([may], 2 * SOON))
    begun.start()
    settle(lambda: hang.runs == 1)
    first = engine.run([may, must], timeout=SOON / 2)
    begun.join()
    second = engine.run([may, must], timeout=SOON)
    hang.released.set()
    settle(lambda: len(threads("left too")) == 1)

    assert said(first) == {**hung("may"), **waiting("must", "may")}
    assert said(second) == {**hung("may"), "must": []}
    assert ran == [1]
