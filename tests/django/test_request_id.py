"""The id that all lines of a request have in common: where it comes from, and who may see it."""

import io
import logging
import re
import time
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse

from dockerflow.django.middleware import DockerflowMiddleware
from dockerflow.logging import RequestIdLogFilter, request_id_context
from tests.support import pages
from tests.support.stack import ASGI, WSGI, Log

pytestmark = [pytest.mark.urls("tests.support.pages"), pytest.mark.django_db]

OURS = "dockerflow.django.middleware.DockerflowMiddleware"
PAGE, SUMMARY, DJANGO = "tests.support.pages", "request.summary", "django.request"
UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_an_id_is_taken_from_the_request_put_into_every_line_and_given_back(
    server: WSGI | ASGI, log: Log
) -> None:
    answer = server.get("/", x_request_id="Root=1-67891233:abc/7+8_9.0=")
    pages.logger.info("after it")
    assert answer.headers["X-Request-ID"] == "Root=1-67891233:abc/7+8_9.0="
    assert log.ids == [
        (PAGE, "in the view", "Root=1-67891233:abc/7+8_9.0="),
        (SUMMARY, "", "Root=1-67891233:abc/7+8_9.0="),
        (PAGE, "after it", None),
    ]


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        "a b",
        'a"b',
        "a'b",
        "a,b",
        "a\nb",
        "a\r\nX-Evil: 1",
        "\xe9",
        "{}",
        "<b>",
        129 * "a",
        5000 * "a",
    ],
    ids=lambda header: repr(header[:10]),
)
def test_an_id_that_is_none_is_replaced_by_a_fresh_one(
    server: WSGI | ASGI, log: Log, header: str
) -> None:
    fresh = server.get("/", x_request_id=header).headers["X-Request-ID"]
    assert UUID4.fullmatch(fresh)
    assert [rid for _, _, rid in log.ids] == [fresh, fresh]


def test_every_request_without_an_id_gets_its_own(server: WSGI | ASGI) -> None:
    ids = {server.get("/").headers["X-Request-ID"] for _ in range(10)}
    assert len(ids) == 10
    assert all(map(UUID4.fullmatch, ids))


def test_the_longest_id_is_kept(server: WSGI | ASGI) -> None:
    assert server.get("/", x_request_id=128 * "a").headers["X-Request-ID"] == 128 * "a"


def test_another_header_may_carry_the_id(server: WSGI | ASGI, settings: Any) -> None:
    settings.DOCKERFLOW_REQUEST_ID_HEADER_NAME = "x_correlation-id"
    answer = server.get("/", x_correlation_id="abc", x_request_id="other")
    assert answer.headers == {
        "Content-Type": "text/html; charset=utf-8",
        "x_correlation-id": "abc",
    }


TRACE = "0af7651916cd43dd8448eb211c80319c"
ROOT = f"1-{TRACE[:8]}-{TRACE[8:]}"


@pytest.mark.parametrize(
    ("name", "value", "rid"),
    [
        ("traceparent", f"00-{TRACE}-b7ad6b7169203331-01", TRACE),
        ("X-Cloud-Trace-Context", f"{TRACE}/1234567890;o=1", TRACE),
        ("X-Amzn-Trace-Id", f"Self=1-0-0;Root={ROOT};CalledFrom=app", ROOT),
    ],
)
def test_the_id_of_a_trace_is_given_back_as_that_of_the_request(
    server: WSGI | ASGI, log: Log, settings: Any, name: str, value: str, rid: str
) -> None:
    settings.DOCKERFLOW_REQUEST_ID_HEADER_NAME = name
    answer = server.get("/", **{name.replace("-", "_"): value})
    assert answer.headers == {"Content-Type": "text/html; charset=utf-8", "X-Request-ID": rid}
    assert [rid for _, _, rid in log.ids] == [rid, rid]


@pytest.mark.parametrize(
    ("path", "lines"),
    [
        ("/missing", [(SUMMARY, "", "abc"), (DJANGO, "Not Found: /missing", "abc")]),
        (
            "/raises",
            [
                (DJANGO, "Internal Server Error: /raises", "abc"),
                (SUMMARY, "100% broken", "abc"),
            ],
        ),
        (
            "/unavailable",
            [(SUMMARY, "", "abc"), (DJANGO, "Service Unavailable: /unavailable", "abc")],
        ),
    ],
)
def test_what_django_says_of_a_failed_request_has_its_id_too(
    server: WSGI | ASGI, log: Log, path: str, lines: list[Any]
) -> None:
    server.get(path, x_request_id="abc")
    assert log.ids == lines


def test_the_filter_knows_the_id_of_a_failed_request_too(server: WSGI | ASGI) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RequestIdLogFilter())
    handler.setFormatter(logging.Formatter("%(name)s %(rid)s"))
    logging.getLogger().addHandler(handler)
    try:
        server.get("/missing", x_request_id="abc")
    finally:
        logging.getLogger().removeHandler(handler)
    assert stream.getvalue() == "django.request abc\n"


def test_a_header_that_the_project_has_set_is_kept(
    server: WSGI | ASGI, log: Log, settings: Any
) -> None:
    settings.MIDDLEWARE = [OURS, f"{__name__}.EchoesTheHeader"]
    answer = server.get("/", x_request_id="its own")
    assert answer.headers == {"Content-Type": "text/html; charset=utf-8", "x-request-id": "its own"}
    assert all(UUID4.fullmatch(rid) for _, _, rid in log.ids)


def test_a_header_of_the_views_own_is_kept_under_the_name_of_the_setting(
    server: WSGI | ASGI, settings: Any
) -> None:
    settings.DOCKERFLOW_REQUEST_ID_HEADER_NAME = "X-Correlation-ID"
    settings.MIDDLEWARE = [OURS, f"{__name__}.EchoesTheHeader"]
    answer = server.get("/", x_request_id="its own", x_correlation_id="abc")
    assert (answer.headers["x-request-id"], answer.headers["X-Correlation-ID"]) == (
        "its own",
        "abc",
    )


def test_the_response_need_not_bring_the_id_back(
    server: WSGI | ASGI, log: Log, settings: Any
) -> None:
    settings.DOCKERFLOW_REQUEST_ID_IN_RESPONSE = False
    assert server.get("/", x_request_id="abc").headers == {
        "Content-Type": "text/html; charset=utf-8"
    }
    assert log.ids == [(PAGE, "in the view", "abc"), (SUMMARY, "", "abc")]
    settings.MIDDLEWARE = [OURS, f"{__name__}.EchoesTheHeader"]
    assert type(server)().get("/", x_request_id="own").headers["x-request-id"] == "own"


ALWAYS_THE_SAME = HttpResponse("made once")


class AlwaysTheSame:
    """Answers every request with one object."""

    def __init__(self, get_response: Any) -> None:
        pass

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return ALWAYS_THE_SAME


def test_a_response_that_is_served_again_has_the_id_of_each_request(
    server: WSGI | ASGI, settings: Any
) -> None:
    settings.MIDDLEWARE = [OURS, f"{__name__}.AlwaysTheSame"]
    ids = [server.get("/", x_request_id=rid).headers["X-Request-ID"] for rid in ("abc", "def")]
    assert ids == ["abc", "def"]


def test_an_id_that_no_header_can_hold_is_not_sent(
    server: WSGI | ASGI, log: Log, settings: Any
) -> None:
    settings.MIDDLEWARE = [OURS, f"{__name__}.ChoosesALine"]
    answer = server.get("/")
    assert (answer.status, answer.headers) == (200, {"Content-Type": "text/html; charset=utf-8"})
    assert log.ids == [(PAGE, "in the view", "two\nlines"), (SUMMARY, "", "two\nlines")]


class Middleware:
    """As many are written: for WSGI."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response


class EchoesTheHeader(Middleware):
    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["x-request-id"] = request.headers["X-Request-ID"]
        return response


class ChoosesTheId(Middleware):
    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id_context.set(f"chosen-{request._id}")
        return self.get_response(request)


class ChoosesALine(Middleware):
    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id_context.set("two\nlines")
        return self.get_response(request)


class ForgetsTheId(Middleware):
    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            return self.get_response(request)
        finally:
            request_id_context.set(None)


def test_an_id_that_another_middleware_chooses_counts_from_there_on(
    server: WSGI | ASGI, log: Log, settings: Any
) -> None:
    settings.MIDDLEWARE = [OURS, f"{__name__}.ChoosesTheId"]
    assert server.get("/", x_request_id="abc").headers["X-Request-ID"] == "chosen-abc"
    server.get("/missing", x_request_id="def")
    pages.logger.info("after them")
    assert log.ids == [
        (PAGE, "in the view", "chosen-abc"),
        (SUMMARY, "", "chosen-abc"),
        (SUMMARY, "", "chosen-def"),
        (DJANGO, "Not Found: /missing", "chosen-def"),
        (PAGE, "after them", None),
    ]


def test_an_id_that_another_middleware_forgets_is_known_to_the_summary(
    server: WSGI | ASGI, log: Log, settings: Any
) -> None:
    settings.MIDDLEWARE = [OURS, f"{__name__}.ForgetsTheId"]
    assert server.get("/", x_request_id="abc").headers["X-Request-ID"] == "abc"
    assert log.ids == [(PAGE, "in the view", "abc"), (SUMMARY, "", "abc")]


class TellsTheTime(DockerflowMiddleware):
    """A subclass of a project's own."""

    def _build_extra_meta(self, request: Any) -> dict[str, Any]:
        meta = super()._build_extra_meta(request)
        return {**meta, "id": request._id, "started": request._start_timestamp}


def test_a_subclass_finds_id_and_time_on_the_request(
    server: WSGI | ASGI, log: Log, settings: Any
) -> None:
    settings.MIDDLEWARE = [f"{__name__}.TellsTheTime"]
    before = time.time()
    server.get("/", x_request_id="abc")
    [summary] = log.summaries
    assert summary["id"] == "abc"
    assert before <= summary["started"] <= time.time()
