"""The heartbeat engine with checks to try it on, without Django."""

import re
import threading

from dockerflow.heartbeat import Heartbeat
from dockerflow.heartbeat.report import Check, Message

SOON = 0.3  # seconds; a deadline that passes
LATE = 20  # seconds; what no test waits for
TIMES = re.compile(r"\d+\.\d(?= s)|(?<=since )\S+Z")


class Engine(Heartbeat):
    """A heartbeat that has time."""

    def run(self, checks, timeout=LATE, ttl=0, fail_level=30):
        return super().run(checks, timeout=timeout, ttl=ttl, fail_level=fail_level)

    async def arun(self, checks, timeout=LATE, ttl=0, fail_level=30):
        return await super().arun(checks, timeout=timeout, ttl=ttl, fail_level=fail_level)


class Hang:
    """A check function that hangs until it is released, and counts its runs."""

    def __init__(self):
        self.runs = 0
        self.released = threading.Event()

    def __call__(self):
        self.runs += 1
        self.released.wait(LATE)
        return []


def check(name, function=list, **options):
    return Check(name, name, function, **options)


def bad(level=30, text="text"):
    return [Message(level, "x.W001", text)]


BAD = [(30, "x.W001", "text")]


def said(answer):
    """What each check said, with "#" for how long and since when it has hung."""
    return {
        result.check.label: [(m.level, m.id, TIMES.sub("#", m.msg)) for m in result.messages]
        for result in answer.report.results
    }


def hung(name):
    """What :func:`said` says of a check that hangs."""
    text = f"{name} has been running for # s, since #"
    return {name: [(50, "dockerflow.health.C001", text)]}


def waiting(name, holder, level=20, message_id="dockerflow.health.I003"):
    """What :func:`said` says of a check that cannot begin before another one ends."""
    text = f"{name} has been waiting for # s for {holder}, which has been running since #"
    return {name: [(level, message_id, text)]}


def threads(name):
    """The threads that run the check or the lane of this name."""
    return [t for t in threading.enumerate() if t.name == f"heartbeat-{name}"]
