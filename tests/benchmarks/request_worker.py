"""One candidate of the benchmark of requests, in a process of its own: see requests.py."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import django
from django.contrib.auth import get_user_model
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.db.backends.utils import CursorWrapper
from django.test import Client, RequestFactory

from tests.benchmarks import request_project

TURN = 100  # requests
OURS = "dockerflow.django.middleware.DockerflowMiddleware"
LINE = "%(levelname)s %(asctime)s [%({})s] %(name)s %(message)s"
HEADERS = {
    "host": "testserver",
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "accept-language": "en-US,en;q=0.5",
    "accept-encoding": "gzip, deflate, br, zstd",
    "connection": "keep-alive",
    "x-forwarded-for": "192.0.2.1",
    "x-forwarded-proto": "https",
}


class Nowhere:
    """A stream that takes whatever it is given."""

    def write(self, text: str) -> None:
        pass

    def flush(self) -> None:
        pass


def to_nowhere(formatter: dict[str, Any], **filters: dict[str, Any]) -> dict[str, Any]:
    """Django's LOGGING with that formatter and these filters."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": filters,
        "formatters": {"usual": formatter},
        "handlers": {
            "nowhere": {
                "class": "logging.StreamHandler",
                "stream": Nowhere(),
                "formatter": "usual",
                "filters": [*filters],
            }
        },
        "root": {"handlers": ["nowhere"], "level": "INFO"},
    }


# The candidates: what their documentation says to set


def dockerflow() -> dict[str, Any]:  # whichever comes first on the path
    return {
        "first": [OURS],
        "LOGGING": to_nowhere({"()": "dockerflow.logging.MozlogFormatter"}),
    }


def dockerflow_with_json() -> dict[str, Any]:
    sys.modules.update({"orjson": None, "msgspec": None})  # as if not installed
    return dockerflow()


def django_structlog() -> dict[str, Any]:
    import structlog  # noqa: PLC0415 (in this process alone)

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.filter_by_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "processor": structlog.processors.JSONRenderer(),
    }
    return {
        "apps": ["django_structlog"],
        "last": ["django_structlog.middlewares.RequestMiddleware"],
        "LOGGING": to_nowhere(formatter),
    }


def django_guid() -> dict[str, Any]:
    return {
        "apps": ["django_guid"],
        "first": ["django_guid.middleware.guid_middleware"],
        "LOGGING": to_nowhere(
            {"format": LINE.format("correlation_id")},
            id={"()": "django_guid.log_filters.CorrelationId"},
        ),
    }


def django_log_request_id() -> dict[str, Any]:
    return {
        "first": ["log_request_id.middleware.RequestIDMiddleware"],
        "LOG_REQUESTS": True,
        "LOGGING": to_nowhere(
            {"format": LINE.format("request_id")},
            id={"()": "log_request_id.filters.RequestIDFilter"},
        ),
    }


CANDIDATES = {
    "no middleware": dict[str, Any],
    "dockerflow": dockerflow,
    "dockerflow (baseline)": dockerflow,
    "dockerflow (json)": dockerflow_with_json,
    "dockerflow (Mozilla)": dockerflow,
    "django-structlog": django_structlog,
    "django-guid": django_guid,
    "django-log-request-id": django_log_request_id,
}


def start_project(
    *, first: Sequence[str] = (), last: Sequence[str] = (), apps: Sequence[str] = (), **more: Any
) -> str:
    """Start the project; return the cookie of somebody who is signed in."""
    request_project.INSTALLED_APPS += apps
    request_project.MIDDLEWARE[:0] = first
    request_project.MIDDLEWARE += last
    vars(request_project).update(more)
    os.environ["DJANGO_SETTINGS_MODULE"] = request_project.__name__
    django.setup()
    call_command("migrate", verbosity=0)
    client = Client()
    client.force_login(get_user_model().objects.create_user("nina"))
    return client.cookies.output(header="").strip()


# Its servers


def wsgi(headers: dict[str, str]) -> Callable[[], None]:
    """A function that makes a turn of requests."""
    application = WSGIHandler()
    environ = RequestFactory().get("/page", headers=headers).environ

    def turn() -> None:
        for _ in range(TURN):
            response = application(dict(environ), lambda status, headers: None)
            b"".join(response)
            response.close()

    return turn


def asgi(headers: dict[str, str]) -> Callable[[], None]:
    """The same, of an event loop."""
    application = ASGIHandler()
    loop = asyncio.new_event_loop()
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": "/apage",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }

    async def send(message: dict[str, Any]) -> None:
        pass

    async def turn() -> None:
        for _ in range(TURN):
            events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
            events.put_nowait({"type": "http.request"})
            await application(dict(scope), events.get, send)

    return lambda: loop.run_until_complete(turn())


def count_queries() -> list[str]:
    """A list that grows with every query from now on, in any thread."""
    queries: list[str] = []
    execute = CursorWrapper.execute

    def counting(self: CursorWrapper, sql: str, *args: Any) -> Any:
        queries.append(sql)
        return execute(self, sql, *args)

    CursorWrapper.execute = counting
    return queries


def serve(candidate: str) -> None:
    """Read a scenario a line; answer with seconds and queries a request."""
    cookie = start_project(**CANDIDATES[candidate]())
    who = {"anonymous": HEADERS, "signed in": {**HEADERS, "cookie": cookie}}
    turns = {
        (server.__name__, name): server(headers)
        for server in (wsgi, asgi)
        for name, headers in who.items()
    }
    queries = count_queries()
    for line in sys.stdin:
        turn = turns[tuple(json.loads(line))]
        queries.clear()
        started = time.process_time()
        turn()
        seconds = time.process_time() - started
        print(json.dumps([seconds / TURN, len(queries) / TURN]), flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
