"""request.summary: exactly one for each request, at its true end, with its true outcome."""

import logging
from pathlib import Path
from typing import Any

import django
import pytest
from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils.decorators import sync_and_async_middleware

from dockerflow.django.middleware import DockerflowMiddleware
from tests.support.stack import ASGI, WSGI, Log, exception_of

OURS = "dockerflow.django.middleware.DockerflowMiddleware"
INFO, ERROR = 6, 3  # syslog's severities


pytestmark = [pytest.mark.urls("tests.support.pages"), pytest.mark.django_db]


def test_a_summary_says_who_asked_for_what_and_what_came_of_it(
    server: WSGI | ASGI, log: Log
) -> None:
    answer = server.get("/", user_agent="curl/8.5.0", accept_language="tlh", x_request_id="abc")
    [summary] = log.summaries
    assert isinstance(summary.pop("t"), int)
    assert summary == {
        "errno": 0,
        "code": 200,
        "method": "GET",
        "path": "/",
        "agent": "curl/8.5.0",
        "lang": "tlh",
        "rid": "abc",
    }
    assert answer == (
        200,
        {"Content-Type": "text/html; charset=utf-8", "X-Request-ID": "abc"},
        b"plain",
    )


def test_a_request_without_headers_has_empty_agent_and_language(
    server: WSGI | ASGI, log: Log
) -> None:
    server.get("/")
    assert [(summary["agent"], summary["lang"]) for summary in log.summaries] == [("", "")]


def test_t_is_milliseconds_of_a_clock_that_is_never_set(
    server: WSGI | ASGI, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall_clock = iter([1000.0, *[0.0] * 9])
    monkeypatch.setattr("dockerflow.django.middleware.time.time", lambda: next(wall_clock))
    server.get("/sleeps")
    [summary] = log.summaries
    assert 50 <= summary["t"] < 10_000


@pytest.mark.parametrize(
    ("path", "outcome"),
    [
        ("/", (INFO, 200, 0, "")),
        ("/missing", (INFO, 404, 0, "")),
        ("/no-such-route", (INFO, 404, 0, "")),
        ("/forbidden", (INFO, 403, 0, "")),
        ("/bad", (INFO, 400, 0, "")),
        ("/post-only", (INFO, 405, 0, "")),
        ("/unavailable", (INFO, 503, 503, "")),
        ("/raises", (ERROR, 500, 500, "100% broken")),
        ("/araises", (ERROR, 500, 500, "100% broken")),
        ("/file", (INFO, 200, 0, "")),
    ],
)
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous:Warning")
def test_every_outcome_has_one_summary_with_its_code(
    server: WSGI | ASGI, log: Log, path: str, outcome: tuple[Any, ...]
) -> None:
    assert server.get(path).status == outcome[1]
    assert log.outcomes == [outcome]


def test_pages_for_developers_have_the_same_summary(
    server: WSGI | ASGI, log: Log, settings: Any
) -> None:
    settings.DEBUG = True
    assert [server.get(path).status for path in ("/missing", "/bad", "/raises")] == [404, 400, 500]
    assert log.outcomes == [
        (INFO, 404, 0, ""),
        (INFO, 400, 0, ""),
        (ERROR, 500, 500, "100% broken"),
    ]


def test_an_unknown_host_is_a_bad_request(server: WSGI | ASGI, log: Log, settings: Any) -> None:
    settings.MIDDLEWARE = [OURS, "django.middleware.common.CommonMiddleware"]
    assert server.get("/", host="elsewhere.test").status == 400
    assert log.outcomes == [(INFO, 400, 0, "")]


def test_head_is_logged_as_head(server: WSGI | ASGI, log: Log) -> None:
    server.request("HEAD", "/")
    assert [(summary["method"], summary["code"]) for summary in log.summaries] == [("HEAD", 200)]


class RaisesInMiddleware:
    """As many are written: for WSGI."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.get_response(request)
        raise LookupError("in a later middleware")


@sync_and_async_middleware
def raises_in_async_middleware(get_response: Any) -> Any:
    async def middleware(request: HttpRequest) -> HttpResponse:
        await get_response(request)
        raise LookupError("in a later middleware")

    return middleware if iscoroutinefunction(get_response) else RaisesInMiddleware(get_response)


@pytest.mark.parametrize("later", [RaisesInMiddleware, raises_in_async_middleware])
def test_an_exception_in_a_later_middleware_has_one_summary(
    server: WSGI | ASGI, log: Log, settings: Any, later: Any
) -> None:
    settings.MIDDLEWARE = [OURS, f"{__name__}.{later.__name__}"]
    assert server.get("/").status == 500
    assert log.outcomes == [(ERROR, 500, 500, "in a later middleware")]


class Mends:
    """Makes an answer of what a view raises."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse:
        return HttpResponse(status=422)


def test_an_exception_that_a_middleware_answers_is_none(
    server: WSGI | ASGI, log: Log, settings: Any
) -> None:
    settings.MIDDLEWARE = [OURS, f"{__name__}.Mends"]
    server.get("/raises")
    assert log.outcomes == [(INFO, 422, 0, "")]


def sorry(request: HttpRequest) -> HttpResponse:
    return HttpResponse("sorry", status=503)


def broken_handler(request: HttpRequest) -> HttpResponse:
    raise LookupError("the handler broke too")


def test_the_code_is_that_of_the_projects_own_handler(
    server: WSGI | ASGI, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.support.pages.handler500", sorry, raising=False)
    assert server.get("/raises")[::2] == (503, b"sorry")
    assert log.outcomes == [(ERROR, 503, 500, "100% broken")]


def test_a_handler_that_raises_has_one_summary(
    server: WSGI | ASGI, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.support.pages.handler500", broken_handler, raising=False)
    assert exception_of(lambda: server.get("/raises")) == "LookupError('the handler broke too')"
    assert log.outcomes == [(ERROR, 500, 500, "the handler broke too")]


def test_a_propagated_exception_has_one_summary(
    server: WSGI | ASGI, log: Log, settings: Any
) -> None:
    settings.DEBUG_PROPAGATE_EXCEPTIONS = True
    assert exception_of(lambda: server.get("/raises")) == "ValueError('100% broken')"
    assert log.outcomes == [(ERROR, 500, 500, "100% broken")]


def test_a_request_that_ends_the_process_has_its_summary(log: Log) -> None:
    with pytest.raises(SystemExit):
        WSGI().get("/exits")  # as gunicorn does to a worker that takes too long
    assert log.outcomes == [(ERROR, 500, 500, "1")]


def test_an_override_of_the_fields_adds_its_own(
    server: WSGI | ASGI, log: Log, settings: Any
) -> None:
    settings.MIDDLEWARE = [f"{__name__}.WithTenant"]
    server.get("/", host="blue.testserver")
    server.get("/raises", host="green.testserver")
    assert [(fields["tenant"], fields["code"]) for fields in log.summaries] == [
        ("blue.testserver", 200),
        ("green.testserver", 500),
    ]


class WithTenant(DockerflowMiddleware):
    def _build_extra_meta(self, request: HttpRequest) -> dict[str, Any]:
        return {**super()._build_extra_meta(request), "tenant": request.META["HTTP_HOST"]}


def test_an_override_that_raises_costs_neither_response_nor_summary(
    server: WSGI | ASGI, log: Log, settings: Any
) -> None:
    settings.MIDDLEWARE = [f"{__name__}.Raising"]
    assert server.get("/").status == 200
    assert log.outcomes == [(INFO, 200, 0, "")]
    [summary] = log.summaries
    assert summary["build_extra_meta_error"] == "LookupError('no tenant')"


@pytest.mark.parametrize(
    ("middleware", "fields"),
    [("Nothing", {"build_extra_meta_error"}), ("Clashing", {"name_", "message_", "agent"})],
)
def test_an_override_that_returns_what_it_should_not_costs_nothing_either(
    server: WSGI | ASGI, log: Log, settings: Any, middleware: str, fields: set[str]
) -> None:
    settings.MIDDLEWARE = [f"{__name__}.{middleware}"]
    assert server.get("/").status == 200
    [summary] = log.summaries
    assert fields <= summary.keys()
    assert log.outcomes == [(INFO, 200, 0, "")]


class Nothing(DockerflowMiddleware):
    def _build_extra_meta(self, request: HttpRequest) -> Any:
        return None


class Clashing(DockerflowMiddleware):
    def _build_extra_meta(self, request: HttpRequest) -> dict[str, Any]:
        return {**super()._build_extra_meta(request), "name": "nina", "message": "hello"}


class Raising(DockerflowMiddleware):
    def _build_extra_meta(self, request: HttpRequest) -> dict[str, Any]:
        raise LookupError("no tenant")


def test_a_subclass_behind_the_middleware_itself_logs_nothing_twice(
    server: WSGI | ASGI, log: Log, settings: Any
) -> None:
    settings.MIDDLEWARE = [OURS, f"{__name__}.WithTenant"]
    answer = server.get("/")
    assert [fields["rid"] for fields in log.summaries] == [answer.headers["X-Request-ID"]]
    assert {rid for _, _, rid in log.ids} == {answer.headers["X-Request-ID"]}


if django.VERSION >= (5, 2):  # before, Django failed to put it into a mail

    def test_an_exception_that_cannot_be_put_in_words_is_logged_by_its_name(
        server: WSGI | ASGI, log: Log
    ) -> None:
        assert server.get("/unspeakable").status == 500
        assert log.outcomes == [(ERROR, 500, 500, "Unspeakable()")]

    def test_an_exception_that_exits_when_it_is_shown_ends_no_process(
        server: WSGI | ASGI, log: Log
    ) -> None:
        assert server.get("/fatal").status == 500
        assert log.outcomes == [(ERROR, 500, 500, "Fatal()")]


def test_no_request_fails_for_a_settings_file_that_has_gone_bad(
    server: WSGI | ASGI, log: Log, settings: Any, tmp_path: Path
) -> None:
    settings.BASE_DIR = tmp_path
    (tmp_path / "settings.ini").write_text("half of it\n")
    answer = server.get("/?token=hush")
    assert (answer.status, answer.headers["X-Request-ID"]) == (200, log.summaries[0]["rid"])
    assert log.outcomes == [(INFO, 200, 0, "")]


def test_an_override_is_asked_even_where_no_line_comes_of_it(
    server: WSGI | ASGI,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.MIDDLEWARE = [f"{__name__}.Counting"]
    monkeypatch.setattr(Counting, "count", 0)
    caplog.set_level(logging.CRITICAL, logger="request.summary")
    server.get("/")
    assert Counting.count == 1


class Counting(DockerflowMiddleware):
    count = 0

    def _build_extra_meta(self, request: HttpRequest) -> dict[str, Any]:
        Counting.count += 1
        return super()._build_extra_meta(request)


def test_a_logger_of_the_projects_own_class_is_called_as_ever(
    server: WSGI | ASGI, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = Located("request.summary")
    logger.parent = logging.getLogger()
    monkeypatch.setattr(DockerflowMiddleware, "summary_logger", logger)
    server.get("/")
    assert [(fields["region"], fields["code"]) for fields in log.summaries] == [("north", 200)]


class Located(logging.Logger):
    def makeRecord(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record = super().makeRecord(*args, **kwargs)
        record.region = "north"
        return record


def test_the_record_names_a_place_in_the_middleware(
    server: WSGI | ASGI, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server.get("/")
    [record] = [record for record in caplog.records if record.name == "request.summary"]
    assert (record.filename, record.funcName) == ("middleware.py", "_log")


class Refusing(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        raise LookupError("a project's own filter")


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous:Warning")
@pytest.mark.parametrize("path", ["/", "/stream", "/raises"])
@pytest.mark.usefixtures("log")
def test_a_filter_that_raises_breaks_no_response(
    server: WSGI | ASGI,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    path: str,
) -> None:
    monkeypatch.setattr(DockerflowMiddleware.summary_logger, "filters", [Refusing()])
    assert server.get(path).status == (500 if path == "/raises" else 200)
    assert capsys.readouterr().err.count("LookupError: a project's own filter") == 1


def test_the_fields_of_a_request_that_the_middleware_has_not_seen_lack_the_time() -> None:
    meta = DockerflowMiddleware(HttpResponse)._build_extra_meta(RequestFactory().get("/bare"))
    assert meta == {
        "errno": 0,
        "agent": "",
        "lang": "",
        "method": "GET",
        "path": "/bare",
        "rid": None,
    }


def test_the_query_string_is_left_out(server: WSGI | ASGI, log: Log) -> None:
    server.get("/?x=1")
    assert [fields.get("querystring") for fields in log.summaries] == [None]


def test_the_query_string_is_masked_and_cut_where_it_is_asked_for(
    server: WSGI | ASGI, log: Log, settings: Any
) -> None:
    settings.DOCKERFLOW_SUMMARY_LOG_QUERYSTRING = True
    server.get("/?q=%D8%B4%D9%83%D8%B1&access_token=abc")
    server.get("/?q=" + 5000 * "x")
    server.get("/")
    assert [fields.get("querystring") for fields in log.summaries] == [
        "q=شكر&access_token=***",
        "q=" + 1022 * "x" + "...",
        None,
    ]
