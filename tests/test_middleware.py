"""The middleware as projects build on it: its routes, subclasses, and what it needs."""

import re
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, modify_settings

from dockerflow.django.middleware import DockerflowMiddleware
from tests import pages
from tests.stack import ASGI, WSGI, Log

pytestmark = [pytest.mark.urls("tests.pages"), pytest.mark.django_db]

INFO = 6  # syslog's


@pytest.fixture(params=[WSGI, ASGI])
def server(request: pytest.FixtureRequest) -> WSGI | ASGI:
    return request.param()


@pytest.fixture
def log() -> Iterator[Log]:
    with Log() as log:
        yield log


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
    assert log.ids == [("tests.pages", "asked", None)]


def test_a_subclass_with_routes_of_its_own_still_serves_the_others(
    server: WSGI | ASGI, log: Log, settings: Any
) -> None:
    settings.MIDDLEWARE = [f"{__name__}.WithRoutes"]
    assert server.get("/__lbheartbeat__")[::2] == (200, b"")
    assert server.get("/")[::2] == (200, b"plain")
    assert log.outcomes == [(INFO, 200, 0, "")]


def test_the_routes_tell_other_code_which_paths_are_ours() -> None:
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


def test_without_the_app_requests_are_told_of_too(server: WSGI | ASGI, log: Log) -> None:
    with modify_settings(INSTALLED_APPS={"remove": "dockerflow.django"}):
        assert server.get("/", x_request_id="abc").headers["X-Request-ID"] == "abc"
    assert log.outcomes == [(INFO, 200, 0, "")]
