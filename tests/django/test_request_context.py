"""Whose id is in the context: the request's alone, however requests are mixed and middleware is."""

import asyncio
import sys
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import async_only_middleware

from tests.support import pages
from tests.support.stack import ASGI, WSGI, Log, exception_of

pytestmark = [pytest.mark.urls("tests.support.pages"), pytest.mark.django_db]

OURS = "dockerflow.django.middleware.DockerflowMiddleware"
PAGE, SUMMARY = "tests.support.pages", "request.summary"


def test_each_of_100_interleaved_requests_has_its_own_id(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def all_at_once() -> None:
        gate = asyncio.Event()
        monkeypatch.setattr(pages, "gate", gate)
        server = ASGI()
        requests = asyncio.gather(
            *(server.arequest("GET", f"/twice/{n}", x_request_id=f"id-{n}") for n in range(100))
        )
        while len(log.ids) < 100 and not requests.done():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        gate.set()
        await requests
        pages.logger.info("after them")

    async_to_sync(all_at_once)()
    before, after = log.ids[:100], log.ids[100:]
    assert sorted(before) == sorted((PAGE, f"{n} before", f"id-{n}") for n in range(100))
    assert sorted(after[:-1]) == sorted(
        line
        for n in range(100)
        for line in [(PAGE, f"{n} after", f"id-{n}"), (SUMMARY, "", f"id-{n}")]
    )
    assert after[-1] == (PAGE, "after them", None)


def test_neither_a_probe_nor_a_thread_in_the_background_is_part_of_a_request(
    server: WSGI | ASGI, log: Log, settings: Any
) -> None:
    settings.DOCKERFLOW_VERSION_CALLBACK = f"{__name__}.logs_itself"
    server.get("/background", x_request_id="abc")
    server.get("/__version__", x_request_id="def")
    # An option of Python 3.14, with a free-threaded one the rule: a thread starts with the context.
    inherited = getattr(sys.flags, "thread_inherit_context", 0)
    assert log.ids == [
        (PAGE, "in the background", "abc" if inherited else None),
        (SUMMARY, "", "abc"),
        (PAGE, "the version is asked for", None),
    ]


def logs_itself(root: str) -> dict[str, str]:
    pages.logger.info("the version is asked for")
    return {}


def test_an_exception_that_leaves_the_middleware_takes_the_id_with_it(
    server: WSGI | ASGI, log: Log, settings: Any
) -> None:
    settings.DEBUG_PROPAGATE_EXCEPTIONS = True
    assert (
        exception_of(lambda: server.get("/raises", x_request_id="abc"))
        == "ValueError('100% broken')"
    )
    pages.logger.info("after it")
    assert log.ids == [(SUMMARY, "100% broken", "abc"), (PAGE, "after it", None)]


class Passes:
    """A middleware as many are written: for WSGI."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)


@async_only_middleware
def async_only(get_response: Any) -> Any:
    async def middleware(request: HttpRequest) -> HttpResponse:
        return await get_response(request)

    return middleware


@pytest.mark.parametrize(
    "middleware",
    [
        [OURS, f"{__name__}.Passes"],
        [f"{__name__}.Passes", OURS],
        [f"{__name__}.async_only", OURS],
        [OURS, f"{__name__}.async_only"],
        [f"{__name__}.async_only", OURS, f"{__name__}.Passes"],
        [f"{__name__}.Passes", OURS, f"{__name__}.async_only"],
    ],
)
def test_any_mixture_of_sync_and_async_middleware_has_the_id(
    server: WSGI | ASGI, log: Log, settings: Any, middleware: list[str]
) -> None:
    settings.MIDDLEWARE = middleware
    server.get("/", x_request_id="abc")
    server.get("/twice/1", x_request_id="def")
    # The warning about what stands in front belongs to no request.
    assert [line for line in log.ids if line[0] != "dockerflow.django"] == [
        (PAGE, "in the view", "abc"),
        (SUMMARY, "", "abc"),
        (PAGE, "1 before", "def"),
        (PAGE, "1 after", "def"),
        (SUMMARY, "", "def"),
    ]
