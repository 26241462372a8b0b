"""check_celery_workers: a real worker and a real Redis as its broker."""

import os
import socket
import subprocess
import sys

import pytest

from dockerflow.django.checks import check_celery_workers
from tests.support.browser import wsgi
from tests.support.process import python_path, unused_port
from tests.support.waiting import settle

pytestmark = pytest.mark.once


@pytest.fixture
def broker(monkeypatch):
    """Makes an address the broker of the current Celery application."""

    def broker(url):
        monkeypatch.setenv("BROKER", url)
        monkeypatch.delitem(sys.modules, "tests.support.celery_app", raising=False)
        from tests.support.celery_app import app  # noqa: PLC0415 (for this broker)

        app.set_default()
        app.set_current()

    return broker


@pytest.fixture
def worker(redis_server, broker):
    broker(redis_server.url)
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "celery", "-A", "tests.support.celery_app", "worker"),
            *("--pool=solo", "--without-gossip", "--without-mingle", "--loglevel=ERROR"),
        ],
        env={**os.environ, "PYTHONPATH": python_path()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield process
    process.kill()
    process.wait()


def found(queue="*"):
    messages = check_celery_workers.subjects.function(app_configs=None, queue=queue)
    return [(message.level, message.id, message.msg) for message in messages]


def test_a_worker_that_answers_is_fine_and_its_queue_too(worker):
    settle(lambda: found() == [])

    assert found("mails") == []
    assert found("reports") == [
        (
            *(40, "dockerflow.health.E024"),
            'No Celery worker of the queue "reports" answered within 1 s',
        )
    ]


def test_without_a_worker(redis_server, broker):
    broker(redis_server.url)

    assert found() == [(40, "dockerflow.health.E024", "No Celery worker answered within 1 s")]


def test_without_celery(monkeypatch):
    monkeypatch.setitem(sys.modules, "celery", None)
    [message] = check_celery_workers(app_configs=None)

    assert (message.id, message.hint) == (
        "dockerflow.health.E023",
        "Install celery, or remove the check from the lists of checks.",
    )
    assert message.msg.startswith("Celery cannot be imported: ")


def test_a_broker_that_is_away(broker):
    broker(f"redis://127.0.0.1:{unused_port()}/0")
    [(level, message_id, text)] = found()

    assert (level, message_id) == (40, "dockerflow.health.E023")
    assert text.startswith("Could not connect to Celery's broker: ")


def test_a_silent_broker_is_named_in_time(broker, settings):
    settings.DOCKERFLOW_HEARTBEAT_TIMEOUT = 1
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"
    settings.DOCKERFLOW_CHECKS = ["check_celery_workers"]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        broker(f"redis://127.0.0.1:{listener.getsockname()[1]}/0")
        details = wsgi("/__heartbeat__").json()["details"]["check_celery_workers"]

    [message_id] = details["messages"]
    assert message_id in {"dockerflow.health.E023", "dockerflow.health.C001"}
