"""One candidate of the benchmark of heartbeats, in a process of its own: see heartbeat.py."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django
from asgiref.sync import iscoroutinefunction
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.db import close_old_connections, connection
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import include, path
from django.utils.decorators import sync_and_async_middleware

from tests.benchmarks import project

Turn = Callable[[int], list[float]]  # so many requests; the seconds that each took


# The limits


def query(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        cursor.fetchall()


def one_query(request: HttpRequest) -> HttpResponse:
    query("SELECT app, name FROM django_migrations")
    return HttpResponse()


thread = ThreadPoolExecutor(max_workers=1)


def in_a_thread(request: HttpRequest) -> HttpResponse:
    def queries() -> None:
        close_old_connections()
        query("SELECT 1")
        query("SELECT app, name FROM django_migrations")
        close_old_connections()

    thread.submit(queries).result(timeout=5)
    return HttpResponse()


@sync_and_async_middleware
def bare(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> HttpResponse:
            return HttpResponse()

    else:

        def middleware(request: HttpRequest) -> HttpResponse:
            return HttpResponse()

    return middleware


# The candidates: what their documentation says to set, and of checks those of databases alone


def dockerflow() -> dict[str, Any]:  # whichever comes first on the path
    return {
        "INSTALLED_APPS": [*project.INSTALLED_APPS, "dockerflow.django"],
        "MIDDLEWARE": [
            "dockerflow.django.middleware.DockerflowMiddleware",
            *project.MIDDLEWARE,
        ],
        "BASE_DIR": "/app",
        "DOCKERFLOW_CHECKS": [
            "dockerflow.django.checks.check_database_connected",
            "dockerflow.django.checks.check_migrations_applied",
        ],
    }


def health_check() -> dict[str, Any]:
    return {"INSTALLED_APPS": [*project.INSTALLED_APPS, "health_check"]}


def watchman() -> dict[str, Any]:
    return {
        "INSTALLED_APPS": [*project.INSTALLED_APPS, "watchman"],
        "WATCHMAN_CHECKS": ["watchman.checks.databases"],
    }


CANDIDATES = {
    "a view with one query": lambda: {"MIDDLEWARE": []},
    "two queries in a thread": lambda: {"MIDDLEWARE": []},
    "a bare middleware": lambda: {"MIDDLEWARE": [f"{__name__}.bare", *project.MIDDLEWARE]},
    "dockerflow": dockerflow,
    "dockerflow (baseline)": dockerflow,
    "dockerflow (Mozilla)": dockerflow,
    "django-health-check": health_check,
    "django-watchman": watchman,
}
PATHS = {"django-health-check": "/health/?format=json", "django-watchman": "/watchman/"}


def routes(candidate: str) -> list[Any]:
    if candidate == "django-health-check":
        from health_check.views import HealthCheckView  # noqa: PLC0415 (in this process alone)

        view = HealthCheckView.as_view(checks=["health_check.checks.Database"])
        return [path("health/", view)]
    if candidate == "django-watchman":
        return [path("watchman/", include("watchman.urls"))]
    view = in_a_thread if candidate == "two queries in a thread" else one_query
    return [path("__heartbeat__", view)]


# Its servers


def wsgi(url: str) -> Turn:
    application = WSGIHandler()
    environ = RequestFactory().get(url).environ

    def request() -> float:
        statuses: list[str] = []
        started = time.perf_counter()
        response = application(dict(environ), lambda status, headers: statuses.append(status))
        b"".join(response)
        response.close()
        seconds = time.perf_counter() - started
        assert statuses == ["200 OK"]
        return seconds

    return lambda count: [request() for _ in range(count)]


def asgi(url: str) -> Turn:
    application = ASGIHandler()
    loop = asyncio.new_event_loop()
    path, _, query = url.partition("?")
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "query_string": query.encode(),
        "headers": [(b"host", b"testserver")],
    }

    async def request() -> float:
        messages: list[dict[str, Any]] = []
        events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        events.put_nowait({"type": "http.request"})

        async def send(message: dict[str, Any]) -> None:
            messages.append(message)

        started = time.perf_counter()
        await application(dict(scope), events.get, send)
        seconds = time.perf_counter() - started
        assert messages[0]["status"] == 200
        return seconds

    async def requests(count: int) -> list[float]:
        return [await request() for _ in range(count)]

    return lambda count: loop.run_until_complete(requests(count))


def serve(candidate: str) -> None:
    """Read server, path and number of requests a line; answer with the seconds of each."""
    # Not settings.configure(), which looks names up in another way than projects' settings.
    vars(project).update(ROOT_URLCONF=__name__, **CANDIDATES[candidate]())
    os.environ["DJANGO_SETTINGS_MODULE"] = project.__name__
    django.setup()
    globals()["urlpatterns"] = routes(candidate)
    servers = {"wsgi": wsgi, "asgi": asgi}
    turns: dict[tuple[str, str], Turn] = {}
    for line in sys.stdin:
        server, url, count = json.loads(line)
        url = PATHS.get(candidate, url)
        if (server, url) not in turns:
            turns[server, url] = servers[server](url)
        print(json.dumps(turns[server, url](count)), flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
