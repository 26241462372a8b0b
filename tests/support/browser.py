"""Two browsers in the tests' own process: one asks Django's WSGI handler, one its ASGI handler."""

from collections.abc import Mapping

from asgiref.sync import async_to_sync
from django.http import HttpResponse
from django.test import AsyncClient, Client

from dockerflow.django import views

OPTIONS = {"raise_request_exception": False, "enforce_csrf_checks": True}


def wsgi(
    path: str, method: str = "GET", cookies: Mapping[str, str] | None = None, **headers: str
) -> HttpResponse:
    browser = Client(**OPTIONS)
    browser.cookies.load(dict(cookies or {}))
    return browser.generic(method, path, headers=headers)


@async_to_sync
async def asgi(
    path: str, method: str = "GET", cookies: Mapping[str, str] | None = None, **headers: str
) -> HttpResponse:
    browser = AsyncClient(**OPTIONS)
    browser.cookies.load(dict(cookies or {}))
    return await browser.generic(method, path, headers=headers)


# The endpoints by their names, in the order of the route table
ROUTES = {
    "version": views.version,
    "heartbeat": views.heartbeat,
    "lbheartbeat": views.lbheartbeat,
    "error": views.error,
}
BROWSERS = {"sync": wsgi, "async": asgi}
WIRINGS = {
    "middleware": {},  # tests.settings
    "URLconf": {"MIDDLEWARE": [], "ROOT_URLCONF": "tests.support.included_urls"},
}
