"""The engine in a process that forks or exits while checks hang."""

import subprocess
import sys
import time

import pytest

from tests.support.engine import LATE
from tests.support.web import python_path


def run(program, *options):
    return subprocess.run(
        [sys.executable, *options, "-W", "ignore:This process:DeprecationWarning", "-c", program],
        env={"PYTHONPATH": python_path()},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "function",
    [
        "lambda: time.sleep(60)",
        "lambda: os.read(os.pipe()[0], 1)",
        "lambda: asyncio.sleep(60)",
        "lambda: asyncio.to_thread(time.sleep, 60)",
    ],
)
@pytest.mark.parametrize("lane", [None, "lane"])
def test_a_process_does_not_wait_for_a_hung_check_when_it_exits(function, lane):
    started = time.monotonic()
    done = run(f"""
import asyncio, os, time
from tests.support.engine import SOON, Engine, check, hung, said
answer = Engine().run([check("hangs", {function}, lane={lane!r})], timeout=SOON)
assert said(answer) == hung("hangs")
""")
    assert (done.returncode, time.monotonic() - started < LATE) == (0, True), done.stderr


def test_event_loops_and_greenlets_leave_each_other_alone():
    done = run("""
from gevent import monkey
monkey.patch_all()
import asyncio, gevent
from tests.support.engine import Engine, check, said

async def wait():
    await asyncio.sleep(0.3)
    return []

heartbeat = gevent.spawn(Engine().run, [check("one", wait), check("two", wait)])
gevent.sleep(0.1)
asyncio.run(wait())  # what a request does meanwhile
assert said(heartbeat.get()) == {"one": [], "two": []}
""")
    assert done.returncode == 0, done.stderr


def test_a_forked_child_starts_afresh_whatever_its_parent_was_doing():
    done = run("""
import os, threading
from tests.support.engine import LATE, SOON, Engine, Hang, bad, check, hung, said
from tests.support.waiting import settle

class Slow:  # a key of a check: it is hashed while the engine's lock is held
    hashed = threading.Event()

    def __hash__(self):
        self.hashed.set()
        return threading.Event().wait(LATE)

engine, hang = Engine(), Hang()
checks = [check("a", hang), check("b", hang, lane="lane"), check("c", bad)]
assert said(engine.run(checks, timeout=SOON)).keys() == {"a", "b", "c"}
slow = check("slow")
vars(slow)["key"] = Slow()
threading.Thread(target=engine.run, args=[[slow]], daemon=True).start()
Slow.hashed.wait()
if pid := os.fork():
    os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
hang.released.set()
assert said(engine.run(checks)) == {"a": [], "b": [], "c": [(30, "x.W001", "text")]}
os._exit(7)
""")
    assert (done.returncode, done.stderr.count("c failed (warning)")) == (7, 2), done.stderr


def test_threads_that_would_inherit_a_context_have_an_empty_one():
    done = run(
        """
import contextvars
from tests.support.engine import Engine, check

trace = contextvars.ContextVar("trace", default="none")
seen = []
checks = [
    check("solo", lambda: seen.append(trace.get()) or []),
    check("laned", lambda: seen.append(trace.get()) or [], lane="lane"),
]
trace.set("of the first request")
Engine().run(checks)
assert seen == ["none", "none"], seen
""",
        "-X",
        "thread_inherit_context=1",  # which Python knows from 3.14 on
    )
    assert done.returncode == 0, done.stderr
