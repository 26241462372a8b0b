"""Whole requests through Django's own handlers in this process, and what is logged meanwhile."""

import asyncio
import functools
import gc
import io
import json
import logging
import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from asgiref.sync import async_to_sync
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory

from dockerflow.logging import MozlogHandler


class Answer(NamedTuple):
    """What a client receives."""

    status: int
    headers: dict[str, str]
    body: bytes


class WSGI:
    """The project under WSGI; its middleware is loaded with the first request."""

    @functools.cached_property
    def application(self) -> WSGIHandler:
        return WSGIHandler()

    def request(self, method: str, path: str, **headers: str) -> Answer:
        environ = RequestFactory().generic(method, path, headers=_names(headers)).environ
        status, response_headers, response = self.start(environ)
        try:
            body = b"".join(response)
        finally:
            response.close()
        return Answer(status, response_headers, body)

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, **headers)

    def start(self, environ: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        """Status and headers, and the response, for the caller to read and to close."""
        started: list[Any] = []
        response = self.application(environ, lambda *start: started.extend(start))
        return int(started[0].split()[0]), dict(started[1]), response


class ASGI:
    """The project under ASGI; its middleware is loaded with the first request."""

    @functools.cached_property
    def application(self) -> ASGIHandler:
        return ASGIHandler()

    def request(self, method: str, path: str, **headers: str) -> Answer:
        return async_to_sync(self.arequest)(method, path, **headers)

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, **headers)

    async def arequest(self, method: str, path: str, **headers: str) -> Answer:
        exchange = Exchange()
        await exchange.run(self.application, method, path, **headers)
        return exchange.answer


class Exchange:
    """One request over ASGI: the messages that the client is sent.

    :param reads: how many of them it reads before it stops
    """

    def __init__(self, reads: float = math.inf) -> None:
        self.reads = reads
        self.messages: list[dict[str, Any]] = []
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def run(self, application: ASGIHandler, method: str, path: str, **headers: str) -> None:
        url = urlsplit(path)
        fields = {"host": "testserver", **_names(headers)}
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": unquote(url.path),
            "query_string": url.query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in fields.items()],
        }
        self._events.put_nowait({"type": "http.request"})
        await application(scope, self._events.get, self._send)

    async def _send(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        if len(self.messages) > self.reads:
            await asyncio.Event().wait()

    def leave(self) -> None:
        """The client goes away."""
        self._events.put_nowait({"type": "http.disconnect"})

    @property
    def answer(self) -> Answer:
        start, *parts = self.messages
        headers = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
        return Answer(start["status"], headers, b"".join(part.get("body", b"") for part in parts))


def _names(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def exception_of(call: Callable[[], object]) -> str:
    """The ``repr`` of the exception that reaches the server, or an empty string."""
    try:
        call()
        exception = ""
    except Exception as error:
        exception = repr(error)
    with warnings.catch_warnings():  # Django 5.2 leaves a file to the garbage collector
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    return exception


class Log:
    """Every line that is logged inside the ``with`` block, as mozlog writes it."""

    def __init__(self) -> None:
        self._stream = io.StringIO()
        self._handler = MozlogHandler(stream=self._stream)

    def __enter__(self) -> "Log":
        root = logging.getLogger()
        self._level = root.level
        root.addHandler(self._handler)
        root.setLevel(logging.INFO)
        return self

    def __exit__(self, *exception: object) -> None:
        root = logging.getLogger()
        root.removeHandler(self._handler)
        root.setLevel(self._level)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return map(json.loads, self._stream.getvalue().splitlines())

    @property
    def summaries(self) -> list[dict[str, Any]]:
        """The fields of each ``request.summary``."""
        return [line["Fields"] for line in self if line["Type"] == "request.summary"]

    @property
    def outcomes(self) -> list[tuple[int, int, int, str]]:
        """Severity, code, errno and message of each ``request.summary``."""
        return [
            (line["Severity"], fields["code"], fields["errno"], fields.get("msg", ""))
            for line in self
            if line["Type"] == "request.summary" and (fields := line["Fields"])
        ]

    @property
    def ids(self) -> list[tuple[str, str, str | None]]:
        """Logger, message and request id of each line."""
        return [
            (line["Type"], line["Fields"].get("msg", ""), line["Fields"].get("rid"))
            for line in self
        ]
