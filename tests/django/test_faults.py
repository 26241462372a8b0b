"""Checks that misbehave on real servers: one answer in time, and nobody else is held up."""

import http.client
import re
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from tests.support.fault_checks import HANG
from tests.support.faults import KINDS, PATIENCE, messages, records, serve
from tests.support.process import HOST
from tests.support.waiting import settle

pytestmark = pytest.mark.once

SAID = {
    "passes": {},
    "sleeps": {"dockerflow.health.C001": "sleeps has been running for # s, since #"},
    "hangs_in_c": {"dockerflow.health.C001": "hangs_in_c has been running for # s, since #"},
    "hangs_async": {"dockerflow.health.C001": "hangs_async has been running for # s, since #"},
    "raises": {"dockerflow.health.C002": "raises raised ValueError: boom"},
    "exits": {"dockerflow.health.C002": "exits raised SystemExit"},
    "exits_async": {"dockerflow.health.C002": "exits_async raised SystemExit"},
    "returns_none": {
        "dockerflow.health.C003": "returns_none returned NoneType, expected a list of messages"
    },
    "returns_junk": {"dockerflow.health.C003": "returns_junk returned int, expected a message"},
    "logs": {},
    "awaits": {},
    "names_its_thread": {"tests.I001": "other thread"},
}
# One thread does all under gevent, so that C code that blocks blocks all.
WITH_GEVENT = {name: SAID[name] for name in SAID if name != "hangs_in_c"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_survives_whatever_its_checks_do_and_exits_when_told(kind):
    expected = WITH_GEVENT if kind == "gevent" else SAID
    with serve(kind, *expected, DOCKERFLOW_HEARTBEAT_TIMEOUT="3") as server:
        own_time = server.stop()
        server.start()
        workers = set(server.workers())
        for _ in range(4):
            answer = server.get("/__heartbeat__")
            assert (answer.status, messages(answer)) == (500, expected)
            assert answer.seconds < PATIENCE
        assert server.get("/__lbheartbeat__").status == 200
        assert workers <= set(server.workers())  # the second one may still have been starting
        assert server.stop() < own_time + PATIENCE < HANG


@pytest.mark.parametrize(
    ("kind", "arguments"), [("gthread", ["--threads=50"]), ("gevent", []), ("uvicorn", [])]
)
def test_fifty_heartbeats_at_a_time_run_a_check_at_most_twice(kind, arguments, tmp_path):
    runs = tmp_path / "runs"
    with (
        serve(kind, "takes_a_while", arguments=arguments, RUNS_FILE=str(runs)) as server,
        ThreadPoolExecutor(50) as pool,
    ):
        answers = list(pool.map(lambda _: server.get("/__heartbeat__"), range(50)))
    assert [answer.status for answer in answers] == [200] * 50
    assert len(runs.read_text().splitlines()) in {1, 2}


def test_async_checks_leave_no_threads_behind_under_gevent():
    with serve("gevent", "awaits", "exits_async", arguments=["--workers=1"]) as server:
        [worker] = server.workers()
        statuses = {server.get("/__heartbeat__").status for _ in range(40)}
        threads = psutil.Process(worker).num_threads()
    assert (statuses, threads <= 3) == ({500}, True)


@pytest.mark.parametrize("kind", ["gthread", "uvicorn"])
def test_ten_failing_heartbeats_between_good_ones_are_two_records(kind, tmp_path):
    bad_file = tmp_path / "bad"
    with serve(kind, "follows_a_file", BAD_FILE=str(bad_file)) as server:
        before = server.get("/__heartbeat__")
        bad_file.touch()
        failing = [server.get("/__heartbeat__") for _ in range(10)]
        bad_file.unlink()
        after = server.get("/__heartbeat__")
        logged = [
            (level, re.sub(r"[\d.]+ (m?s)\b", r"# \1", text))
            for level, text in records(server, "dockerflow.checks.registry")
        ]
    assert [answer.status for answer in (before, *failing, after)] == [200, *[500] * 10, 200]
    assert logged == [
        ("ERROR", "follows_a_file failed (warning) in # ms\ntests.W001: the file is there"),
        ("INFO", "follows_a_file passes again after # s"),
    ]


@pytest.mark.parametrize("kind", ["gthread", "uvicorn"])
def test_a_heartbeat_whose_client_went_away_is_logged_and_told_of_all_the_same(kind):
    with serve(kind, "tests.support.fault_signals.fails_late") as server:
        client = http.client.HTTPConnection(HOST, server.port)
        client.request("GET", "/__heartbeat__")
        time.sleep(0.3)
        client.close()
        settle(lambda: records(server, "tests.support.fault_signals"))
        [(level, text)] = records(server, "dockerflow.checks.registry")
        assert (level, text.partition(" in ")[0]) == ("ERROR", "fails_late failed (warning)")
        assert records(server, "tests.support.fault_signals") == [("ERROR", "failed with level 30")]
