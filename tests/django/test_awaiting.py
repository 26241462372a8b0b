"""Async checks whose synchronous code hangs, and who stop waiting for it."""

import asyncio
import threading

import pytest
from asgiref.sync import sync_to_async
from django.core import checks

from tests.support.browser import wsgi
from tests.support.waiting import settle

released = threading.Event()


async def limits_its_wait(app_configs, **kwargs):
    try:
        await asyncio.wait_for(sync_to_async(released.wait)(60), 0.2)
    except TimeoutError:
        return [checks.Error("no answer within 0.2 s", id="tests.E001")]
    return []


@pytest.fixture
def ask(settings):
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"
    settings.DOCKERFLOW_HEARTBEAT_TIMEOUT = 30
    settings.DOCKERFLOW_CHECKS = [f"{__name__}.limits_its_wait"]
    released.clear()
    yield lambda: wsgi("/__heartbeat__").json()["details"]["limits_its_wait"]
    released.set()


def hanging():
    return [t for t in threading.enumerate() if t.name == "heartbeat-synchronous code"]


def test_a_check_that_limits_its_wait_reports_itself_what_it_waited_for(ask):
    found = [ask() for _ in range(3)]

    for details in found:
        assert details["messages"] == {"tests.E001": "no answer within 0.2 s"}
        assert 200 <= details["duration_ms"] < 10_000
    assert len(hanging()) == 1


def test_it_passes_as_soon_as_the_synchronous_code_returns(ask):
    ask()
    released.set()
    settle(lambda: ask()["status"] == "ok")

    settle(lambda: not hanging())
