"""A project in a process of its own, requested with a tracing tool's SDK around it.

What such a tool changes in Django holds for the whole process, so that each has one of its own.
"""

import asyncio
import contextlib
import json
import logging
import os
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import dockerflow.logging

BASE_DIR = Path(tempfile.mkdtemp(prefix="traced-"))
SECRET_KEY = "traced"
ALLOWED_HOSTS = ["testserver"]
INSTALLED_APPS = ["django.contrib.contenttypes", "dockerflow.django"]
MIDDLEWARE = [
    "dockerflow.django.middleware.DockerflowMiddleware",
    "django.middleware.common.CommonMiddleware",
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db"}}
ROOT_URLCONF = __name__
USE_TZ = True
LOGGING = dockerflow.logging.config(level="INFO")
DOCKERFLOW_CHECKS = ["dockerflow.django.checks.check_database_connected", f"{__name__}.check"]

PROBES = ["/__lbheartbeat__", "/__heartbeat__", "/__version__/", "/__heartbeat__/"]
POD = "10.4.0.17:8000"
RID = "be392bb0"


async def check(app_configs: Any, **kwargs: Any) -> list[Any]:
    from asgiref.sync import sync_to_async  # noqa: PLC0415
    from django.contrib.contenttypes.models import ContentType  # noqa: PLC0415

    await sync_to_async(ContentType.objects.count)()
    return []


def page(request: Any, number: int) -> Any:
    from django.contrib.contenttypes.models import ContentType  # noqa: PLC0415
    from django.http import HttpResponse  # noqa: PLC0415

    return HttpResponse(f"{ContentType.objects.count() * number}")


def chunks() -> Iterator[bytes]:
    yield b"one"
    raise ValueError("the stream broke")


async def achunks() -> AsyncIterator[bytes]:
    yield b"one"
    raise ValueError("the stream broke")


def stream(request: Any) -> Any:
    from django.http import StreamingHttpResponse  # noqa: PLC0415

    return StreamingHttpResponse(chunks())


def astream(request: Any) -> Any:
    from django.http import StreamingHttpResponse  # noqa: PLC0415

    return StreamingHttpResponse(achunks())


def raises(request: Any) -> Any:
    raise ValueError("the view broke")


def __getattr__(name: str) -> Any:
    if name != "urlpatterns":
        raise AttributeError(name)
    from django.urls import path  # noqa: PLC0415 (the settings come first)

    return [
        path("page/<int:number>", page),
        path("stream", stream),
        path("astream", astream),
        path("raises", raises),
    ]


def prepare(*, middleware: str = "", **more: Any) -> None:
    """Make this module the settings, with a database that has its tables.

    :param middleware: one more, right after ours
    """
    os.environ["DJANGO_SETTINGS_MODULE"] = __name__
    sqlite3.connect(BASE_DIR / "db").close()
    (BASE_DIR / "version.json").write_text("{}")
    settings = vars(sys.modules[__name__])
    settings.update(more)
    if middleware:
        MIDDLEWARE.insert(1, middleware)


def report(collect: Callable[[], list[Any]]) -> None:
    """Make requests by WSGI and ASGI, and print what was collected of each, as JSON."""
    import django  # noqa: PLC0415

    django.setup()
    from django.conf import settings  # noqa: PLC0415
    from django.core.asgi import get_asgi_application  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.core.wsgi import get_wsgi_application  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    records = Records()
    logging.getLogger("dockerflow.django").addHandler(records)
    wsgi, asgi = get_wsgi_application(), get_asgi_application()
    collect()
    found: dict[str, Any] = {"middleware": list(settings.MIDDLEWARE), "statuses": {}}
    for name, get in [
        ("wsgi", lambda *a: by_wsgi(wsgi, *a)),
        ("asgi", lambda *a: by_asgi(asgi, *a)),
    ]:
        found["statuses"][name] = [get(path, POD) for path in PROBES for _ in range(2)]
        found[f"{name} probes"] = collect()
        for path in ["/page/7", "/raises", "/stream" if name == "wsgi" else "/astream"]:
            get(path, "testserver")
            found[f"{name} {path}"] = collect()
    found["warnings"] = records.texts
    sys.stdout.write("\n" + json.dumps(found))


class Records(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


def by_wsgi(application: Any, path: str, host: str) -> int:
    from django.test import RequestFactory  # noqa: PLC0415

    environ = RequestFactory().get(path, headers={"host": host, "x-request-id": RID}).environ
    started: list[Any] = []
    response = application(environ, lambda *start: started.extend(start))
    with contextlib.suppress(ValueError):
        list(response)
    response.close()
    return int(started[0].split()[0])


def by_asgi(application: Any, path: str, host: str) -> int:
    messages: list[dict[str, Any]] = []

    async def request() -> None:
        events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        events.put_nowait({"type": "http.request"})

        async def send(message: dict[str, Any]) -> None:
            messages.append(message)

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "path": path,
            "query_string": b"",
            "headers": [(b"host", host.encode()), (b"x-request-id", RID.encode())],
        }
        with contextlib.suppress(ValueError):
            await application(scope, events.get, send)

    asyncio.run(request())
    return messages[0]["status"]
