"""check_celery_workers: a real worker and a real Redis as its broker."""

import json
import os
import socket
import subprocess
import sys
import textwrap
import time
from weakref import WeakSet

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


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_is_away_is_called_once(broker, scheme):
    broker(f"{scheme}://127.0.0.1:{unused_port()}//")
    started = time.monotonic()
    [(level, message_id, text)] = found()

    assert time.monotonic() - started < 2  # after which Celery would try again
    assert (level, message_id) == (40, "dockerflow.health.E023")
    assert text.startswith("Could not connect to Celery's broker: ")


def test_the_second_of_two_brokers_is_asked_where_the_first_is_away(redis_server, broker):
    broker(f"redis://127.0.0.1:{unused_port()}/0;{redis_server.url}")

    assert [message_id for _, message_id, _ in found()] == ["dockerflow.health.E024"]


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_silent_broker_is_named_in_time(broker, settings, scheme):
    settings.DOCKERFLOW_HEARTBEAT_TIMEOUT = 2
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"
    settings.DOCKERFLOW_CHECKS = ["check_celery_workers"]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        broker(f"{scheme}://127.0.0.1:{listener.getsockname()[1]}//")
        details = wsgi("/__heartbeat__").json()["details"]["check_celery_workers"]

    assert list(details["messages"]) == ["dockerflow.health.E023"]


# As in https://docs.celeryq.dev/en/stable/django/first-steps-with-django.html
GUIDE = {
    "__init__.py": 'from .celery import app as celery_app\n\n__all__ = ("celery_app",)\n',
    "celery.py": """\
        import os

        from celery import Celery

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "proj.settings")
        app = Celery("proj")
        app.config_from_object("django.conf:settings", namespace="CELERY")
        app.autodiscover_tasks()
        """,
    "settings.py": """\
        import os

        SECRET_KEY = "x"
        ROOT_URLCONF = "proj.urls"
        INSTALLED_APPS = ["dockerflow.django"]
        MIDDLEWARE = ["dockerflow.django.middleware.DockerflowMiddleware"]
        CELERY_BROKER_URL = os.environ["BROKER"]
        DOCKERFLOW_CHECKS = ["check_celery_workers"]
        DOCKERFLOW_HEARTBEAT_DETAILS = "always"
        """,
    "urls.py": "urlpatterns = []\n",
}
HEARTBEATS = """\
import json, threading
import django
django.setup()
import jobs
from django.test import Client

def heartbeat():
    print(json.dumps(Client().get("/__heartbeat__").json()["details"]["check_celery_workers"]))

heartbeat()
thread = threading.Thread(target=heartbeat)  # as those of gunicorn's gthread
thread.start()
thread.join()
"""


@pytest.fixture
def guide(tmp_path, redis_server):
    """Runs Python in a project that is laid out as in Celery's guide for Django."""
    (tmp_path / "proj").mkdir()
    (tmp_path / "jobs.py").touch()
    for name, text in GUIDE.items():
        (tmp_path / "proj" / name).write_text(textwrap.dedent(text))
    environment = {
        **os.environ,
        "BROKER": redis_server.url,
        "DJANGO_SETTINGS_MODULE": "proj.settings",
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{python_path()}",
    }

    def guide(*arguments, **options):
        return subprocess.Popen(
            [sys.executable, *arguments], cwd=tmp_path, env=environment, **options
        )

    return guide


def heartbeats(guide):
    """What each of two heartbeats found, the second in a thread of its own."""
    with guide("-c", HEARTBEATS, stdout=subprocess.PIPE, text=True) as process:
        return [json.loads(line) for line in process.stdout]


WITHOUT_WORKER = {"dockerflow.health.E024": "No Celery worker answered within 1 s"}


def test_every_heartbeat_asks_the_broker_of_the_app_in_the_projects_package(guide):
    assert [found["messages"] for found in heartbeats(guide)] == [WITHOUT_WORKER] * 2


def test_every_heartbeat_asks_the_broker_of_the_only_app_wherever_it_is(guide, tmp_path):
    (tmp_path / "proj/celery.py").rename(tmp_path / "jobs.py")
    (tmp_path / "proj/__init__.py").write_text("")

    assert [found["messages"] for found in heartbeats(guide)] == [WITHOUT_WORKER] * 2


def test_every_heartbeat_is_answered_by_the_projects_own_worker(guide):
    worker = guide(
        *("-m", "celery", "-A", "proj", "worker", "--pool=solo"),
        *("--without-gossip", "--without-mingle", "--loglevel=ERROR"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        settle(lambda: [found["status"] for found in heartbeats(guide)] == ["ok", "ok"])
    finally:
        worker.kill()
        worker.wait()


def test_an_app_that_is_not_found_is_asked_for(settings, monkeypatch):
    monkeypatch.setattr("celery._state._apps", WeakSet())  # without those of other tests
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"
    settings.DOCKERFLOW_HEARTBEAT_TIMEOUT = 60  # seconds; a busy machine is slow to import redis
    settings.DOCKERFLOW_CHECKS = ["check_celery_workers"]
    from celery import Celery  # noqa: PLC0415 (the quick environments are without it)

    fallback = Celery("default", broker=f"redis://127.0.0.1:{unused_port()}/0")
    fallback.set_default()
    details = wsgi("/__heartbeat__").json()["details"]["check_celery_workers"]

    assert list(details["messages"]) == ["dockerflow.health.E023"]
    assert details["hints"]["dockerflow.health.E023"].startswith(
        "This was Celery's fallback, because no app of the project was found, or several."
    )
