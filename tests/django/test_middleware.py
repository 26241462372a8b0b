"""The middleware as projects build on it: its routes, subclasses, and what it needs."""

import re
import subprocess
import sys
from typing import Any, ClassVar

import pytest
from django.core.checks import Error
from django.core.signals import got_request_exception
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, modify_settings

from dockerflow.django.middleware import DockerflowMiddleware
from tests.support import pages
from tests.support.process import python_path
from tests.support.stack import ASGI, WSGI, Log

pytestmark = [pytest.mark.urls("tests.support.pages"), pytest.mark.django_db]

INFO, ERROR = 6, 3  # syslog's severities


def ready(request: HttpRequest) -> HttpResponse:
    pages.logger.info("asked")
    return HttpResponse("ready")


async def aready(request: HttpRequest) -> HttpResponse:
    pages.logger.info("asked")
    return HttpResponse("ready")


class WithRoutes(DockerflowMiddleware):
    """A project's own middleware with routes of its own, and one that takes another's place."""

    viewpatterns: ClassVar[list[Any]] = [
        (re.compile(r"/ready$"), ready),
        (re.compile(r"/aready$"), aready),
        (re.compile(r"/__heartbeat__$"), ready),
        *DockerflowMiddleware.viewpatterns,
    ]


@pytest.mark.parametrize("path", ["/ready", "/aready", "/__heartbeat__"])
def test_a_subclass_may_have_routes_of_its_own(
    server: WSGI | ASGI, log: Log, settings: Any, path: str
) -> None:
    settings.MIDDLEWARE = [f"{__name__}.WithRoutes"]
    assert server.get(path)[::2] == (200, b"ready")
    assert log.ids == [("tests.support.pages", "asked", None)]


def test_a_subclass_with_routes_of_its_own_still_serves_the_others(
    server: WSGI | ASGI, log: Log, settings: Any
) -> None:
    settings.MIDDLEWARE = [f"{__name__}.WithRoutes"]
    assert server.get("/__lbheartbeat__")[::2] == (200, b"")
    assert server.get("/")[::2] == (200, b"plain")
    assert log.outcomes == [(INFO, 200, 0, "")]


def test_other_code_can_see_from_the_routes_which_paths_are_ours() -> None:
    paths = [
        "/__heartbeat__",
        "/__version__/",
        "/__error__",
        "/",
        "/x/__version__",
        "/__version__x",
    ]
    assert [
        [
            view.__name__
            for pattern, view in DockerflowMiddleware.viewpatterns
            if pattern.match(path)
        ]
        for path in paths
    ] == [["heartbeat"], ["version"], ["error"], [], [], []]


def test_it_can_be_called_as_any_middleware() -> None:
    middleware = DockerflowMiddleware(get_response=pages.plain)
    factory = RequestFactory()
    assert middleware(factory.get("/")).content == b"plain"
    assert middleware(factory.get("/__lbheartbeat__")).content == b""


def test_without_the_app_requests_have_their_summary_too(server: WSGI | ASGI, log: Log) -> None:
    with modify_settings(INSTALLED_APPS={"remove": "dockerflow.django"}):
        assert server.get("/", x_request_id="abc").headers["X-Request-ID"] == "abc"
    assert log.outcomes == [(INFO, 200, 0, "")]


# The endpoints, and what is written of them


def built(root: str) -> dict[str, str]:
    return {"build": "7"}


def test_a_thousand_passing_probes_write_nothing(
    server: WSGI | ASGI, log: Log, settings: Any
) -> None:
    settings.DOCKERFLOW_VERSION_CALLBACK = f"{__name__}.built"
    settings.DOCKERFLOW_CHECKS = []
    probes = ["/__lbheartbeat__", "/__heartbeat__", "/__version__", "/__heartbeat__/"] * 250
    assert {server.get(path).status for path in probes} == {200}
    assert list(log) == []


class Lamp:
    """A check that passes while the lamp is lit."""

    __name__ = "lamp"
    lit = True

    def __call__(self, app_configs: Any, **kwargs: Any) -> list[Error]:
        return [] if self.lit else [Error("it is dark", id="tests.E001")]


lamp = Lamp()


def test_a_failing_heartbeat_writes_its_one_error(
    server: WSGI | ASGI, log: Log, settings: Any
) -> None:
    settings.DOCKERFLOW_CHECKS = [f"{__name__}.lamp"]
    statuses = []
    for lamp.lit in (True, False, False, False, True):
        statuses.append(server.get("/__heartbeat__").status)
    assert statuses == [200, 500, 500, 500, 200]
    assert [(line["Type"], line["Severity"], line["Fields"].get("rid")) for line in log] == [
        ("dockerflow.checks.registry", ERROR, None),
        ("dockerflow.checks.registry", INFO, None),  # it has recovered
    ]


def test_the_error_endpoint_is_a_request_like_any_other(
    server: WSGI | ASGI, log: Log, settings: Any
) -> None:
    settings.DOCKERFLOW_ERROR_ENDPOINT = True
    noticed = []

    def notice(sender: object, request: HttpRequest, **kwargs: Any) -> None:
        noticed.append(request.path)

    got_request_exception.connect(notice)
    try:
        answer = server.get("/__error__", x_request_id="abc")
    finally:
        got_request_exception.disconnect(notice)
    assert (answer.status, answer.headers["X-Request-ID"]) == (500, "abc")
    assert noticed == ["/__error__"]
    message = "This is the error that /__error__ raises for a test"
    assert log.outcomes == [(ERROR, 500, 500, message)]
    assert {rid for _, _, rid in log.ids} == {"abc"}


def test_where_the_error_endpoint_is_off_the_project_answers(server: WSGI | ASGI, log: Log) -> None:
    assert server.get("/__error__")[::2] == (200, b"a page of the project's own")
    assert log.outcomes == [(INFO, 200, 0, "")]


# What an import costs

IMPORT = """
import sys
import django
from django.conf import settings

settings.configure(INSTALLED_APPS=[], DATABASES={})
django.setup()
before = set(sys.modules)
import dockerflow.django.checks, dockerflow.django.middleware, dockerflow.logging
print(*sorted(set(sys.modules) - before))
"""


@pytest.mark.once
def test_what_no_request_needs_is_not_imported_with_the_middleware() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT],
        env={"PYTHONPATH": python_path()},
        capture_output=True,
        text=True,
        check=True,
    )
    imported = set(done.stdout.split())
    late = {"configparser", "decouple", "dockerflow.conf.settings_file", "dockerflow.heartbeat"}
    late |= {"dockerflow.django.querystring", "dockerflow.django.runner"}
    assert imported & late == set()
    checks = {name for name in imported if name.startswith("dockerflow.django.checks.")}
    assert checks == {"dockerflow.django.checks.subjects"}


FACTORY = """
import logging, sys

def record(name, *args, **kwargs):
    record = logging.LogRecord(name, *args, **kwargs)
    record.path = name.upper()
    return record

logging.basicConfig(stream=sys.stdout, level="INFO", format="%(name)s %(path)s %(path_)s")
logging.setLogRecordFactory(record)

import django
from django.conf import settings
from django.test import Client

settings.configure(
    ROOT_URLCONF="tests.urls",
    ALLOWED_HOSTS=["*"],
    DATABASES={},
    MIDDLEWARE=["dockerflow.django.middleware.DockerflowMiddleware"],
    INSTALLED_APPS=["dockerflow.django"],
    LOGGING_CONFIG=None,
)
django.setup()
Client().get("/")
"""


def test_fields_that_the_projects_record_factory_sets_stand_beside_those_of_the_summary() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FACTORY],
        env={"PYTHONPATH": python_path()},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("request.summary REQUEST.SUMMARY /\n", "")
