"""Responses that are sent bit by bit: their summary, and the id of what is logged meanwhile."""

import asyncio
import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any
from wsgiref.util import FileWrapper

import django
import pytest
from asgiref.sync import async_to_sync
from django.core.signals import request_finished
from django.http import HttpRequest
from django.test import RequestFactory

from dockerflow.django.middleware import DockerflowMiddleware
from tests.support import pages
from tests.support.stack import ASGI, WSGI, Exchange, Log, exception_of

pytestmark = [pytest.mark.urls("tests.support.pages"), pytest.mark.django_db]

INFO, ERROR = 6, 3  # syslog's severities
PAGE, SUMMARY = "tests.support.pages", "request.summary"

streams = pytest.mark.parametrize(("server", "path"), [(WSGI, "/stream"), (ASGI, "/astream")])


@streams
def test_a_stream_logs_with_its_id_and_has_its_summary_after_its_last_chunk(
    log: Log, server: Callable[[], WSGI | ASGI], path: str
) -> None:
    answer = server().get(path, x_request_id="abc")
    assert (answer.status, answer.headers["X-Request-ID"], answer.body) == (200, "abc", b"onetwo")
    assert log.ids == [
        (PAGE, "a chunk", "abc"),
        (PAGE, "a chunk", "abc"),
        (PAGE, "the end", "abc"),
        (SUMMARY, "", "abc"),
    ]
    assert log.outcomes == [(INFO, 200, 0, "")]


@pytest.mark.parametrize(("server", "path"), [(WSGI, "/broken-stream"), (ASGI, "/broken-astream")])
def test_a_stream_that_breaks_is_an_error_under_the_status_that_was_sent(
    log: Log, server: Callable[[], WSGI | ASGI], path: str
) -> None:
    exception = exception_of(lambda: server().get(path, x_request_id="abc"))
    assert exception == "ValueError('the stream broke')"
    assert log.outcomes == [(ERROR, 200, 500, "the stream broke")]


def test_a_stream_that_ends_the_process_is_an_error(log: Log) -> None:
    with pytest.raises(SystemExit):
        WSGI().get("/exiting-stream")  # as gunicorn does to a worker that takes too long
    assert log.outcomes == [(ERROR, 200, 500, "1")]


def test_between_two_chunks_the_thread_has_no_request(log: Log) -> None:
    _, _, response = WSGI().start(RequestFactory().get("/stream").environ)
    chunks = iter(response)
    next(chunks)
    pages.logger.info("elsewhere")
    response.close()
    assert log.ids[1] == (PAGE, "elsewhere", None)


def test_a_stream_that_is_not_read_to_its_end_ends_within_its_request(log: Log) -> None:
    environ = RequestFactory().get("/stream", headers={"x-request-id": "abc"}).environ
    _, _, response = WSGI().start(environ)
    assert next(iter(response)) == b"one"
    response.close()
    assert log.ids == [
        (PAGE, "a chunk", "abc"),
        (PAGE, "the end", "abc"),
        (SUMMARY, "", "abc"),
    ]


class LogsTheSummary(DockerflowMiddleware):
    def _build_extra_meta(self, request: HttpRequest) -> dict[str, Any]:
        pages.logger.info("the fields")
        return super()._build_extra_meta(request)


@streams
def test_what_a_subclass_logs_of_a_summary_is_within_the_request(
    log: Log, settings: Any, server: Callable[[], WSGI | ASGI], path: str
) -> None:
    settings.MIDDLEWARE = [f"{__name__}.LogsTheSummary"]
    server().get(path, x_request_id="abc")
    assert log.ids[-2:] == [(PAGE, "the fields", "abc"), (SUMMARY, "", "abc")]


def test_a_stream_that_is_not_read_at_all_has_its_summary(log: Log) -> None:
    _, _, response = WSGI().start(RequestFactory().get("/stream").environ)
    assert list(log) == []
    response.close()
    response.close()  # some servers do so twice
    assert log.outcomes == [(INFO, 200, 0, "")]


def test_the_summary_is_written_while_the_request_still_has_its_connections(log: Log) -> None:
    written = []

    def finished(**kwargs: Any) -> None:
        written.append(log.outcomes)

    request_finished.connect(finished)
    try:
        WSGI().get("/stream")
    finally:
        request_finished.disconnect(finished)
    assert written == [[(INFO, 200, 0, "")]]


@pytest.mark.parametrize(
    ("server", "path", "length"), [(WSGI, "/astream", 6), (ASGI, "/stream", 6)]
)
def test_a_stream_of_the_other_kind_has_its_summary_too(
    log: Log, server: Callable[[], WSGI | ASGI], path: str, length: int
) -> None:
    with pytest.warns(Warning, match="StreamingHttpResponse must consume"):
        assert len(server().get(path, x_request_id="abc").body) == length
    assert {rid for _, _, rid in log.ids} == {"abc"}
    assert log.outcomes == [(INFO, 200, 0, "")]


@pytest.mark.parametrize("path", ["/file", "/memory-file"])
def test_a_file_that_the_server_itself_sends_has_its_summary_when_it_is_closed(
    log: Log, path: str
) -> None:
    environ = RequestFactory().get(path).environ | {"wsgi.file_wrapper": FileWrapper}
    _, _, response = WSGI().start(environ)
    assert type(response) is FileWrapper
    content = Path(pages.__file__).read_bytes() if path == "/file" else b"in memory"
    assert b"".join(response) == content
    assert log.outcomes == []
    response.close()
    assert log.outcomes == [(INFO, 200, 0, "")]


def test_a_file_of_any_kind_is_sent(log: Log) -> None:
    assert WSGI().get("/mapped-file").body == b"in memory"
    assert log.outcomes == [(INFO, 200, 0, "")]


class Watched(Exchange):
    """Notes of each message whether the summary was there before."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self.log, self.summarized = log, []

    async def _send(self, message: dict[str, Any]) -> None:
        self.summarized.append(bool(self.log.summaries))
        await super()._send(message)


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous:Warning")
@pytest.mark.parametrize("path", ["/file", "/astream"])
def test_the_summary_comes_after_all_that_is_sent(log: Log, path: str) -> None:
    exchange = Watched(log)
    async_to_sync(exchange.run)(ASGI().application, "GET", path)
    assert not any(exchange.summarized[:-1])  # the last message is empty and ends the response
    assert log.outcomes == [(INFO, 200, 0, "")]


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous:Warning")
@pytest.mark.parametrize("server", [WSGI, ASGI])
def test_a_file_that_breaks_is_an_error(log: Log, server: Callable[[], WSGI | ASGI]) -> None:
    assert exception_of(lambda: server().get("/broken-file")) == "OSError('the disk broke')"
    assert log.outcomes == [(ERROR, 200, 500, "the disk broke")]


def test_a_file_that_breaks_while_the_server_reads_it_is_an_error(log: Log) -> None:
    environ = RequestFactory().get("/broken-file").environ | {"wsgi.file_wrapper": FileWrapper}
    _, _, response = WSGI().start(environ)
    assert type(response) is FileWrapper
    assert exception_of(lambda: list(response)) == "OSError('the disk broke')"
    response.close()
    assert log.outcomes == [(ERROR, 200, 500, "the disk broke")]


# Requests that are broken off


async def under_way(
    exchange: Exchange, path: str, when: Callable[[], bool]
) -> "asyncio.Task[None]":
    """A request that has come as far as that."""
    run = exchange.run(ASGI().application, "GET", path, x_request_id="abc")
    request = asyncio.create_task(run)
    while not when() and not request.done():  # noqa: ASYNC110 (a log has no event to wait for)
        await asyncio.sleep(0.01)
    return request


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous:Warning")
@pytest.mark.parametrize("path", ["/stream", "/endless-astream"])
def test_a_stream_that_the_server_gives_up_has_one_summary(log: Log, path: str) -> None:
    async def give_up(exchange: Exchange) -> None:
        request = await under_way(exchange, path, lambda: len(exchange.messages) == 3)
        request.cancel()
        await asyncio.wait([request])

    assert exception_of(lambda: async_to_sync(give_up)(Exchange(reads=2))) == ""
    assert log.outcomes == [(INFO, 200, 0, "")]


async def leave(exchange: Exchange, path: str, when: Callable[[], bool]) -> None:
    """A client that goes away as soon as that is so."""
    request = await under_way(exchange, path, when)
    exchange.leave()
    await request


if django.VERSION >= (5, 0):  # before, Django did not notice

    def test_a_client_that_leaves_before_the_response_has_the_status_that_nginx_gives_it(
        log: Log,
    ) -> None:
        exchange = Exchange()
        async_to_sync(leave)(exchange, "/waits", when=lambda: len(log.ids) == 1)
        assert exchange.messages == []
        assert log.ids == [(PAGE, "waiting", "abc"), (SUMMARY, "", "abc")]
        assert log.outcomes == [(INFO, 499, 0, "")]

    def test_a_client_that_leaves_during_the_response_has_the_status_that_it_saw(
        log: Log,
    ) -> None:
        exchange = Exchange()
        async_to_sync(leave)(exchange, "/endless-astream", when=lambda: len(exchange.messages) == 3)
        assert log.ids == [(PAGE, "the end", "abc"), (SUMMARY, "", "abc")]
        assert log.outcomes == [(INFO, 200, 0, "")]

    def test_a_client_that_stops_reading_and_then_leaves_has_one_summary(log: Log) -> None:
        exchange = Exchange(reads=1)
        async_to_sync(leave)(exchange, "/endless-astream", when=lambda: len(exchange.messages) == 2)
        gc.collect()  # finishes the generator, which may be part of a cycle
        assert log.outcomes == [(INFO, 200, 0, "")]
