"""What is private in Django and asgiref: each name does what we use it for, and in one place."""

import ast
import asyncio
import inspect
import re
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import django
import pytest
from asgiref.sync import ThreadSensitiveContext, async_to_sync, sync_to_async
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.cache import cache
from django.core.cache.backends.redis import RedisCache
from django.core.signals import got_request_exception
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.middleware.cache import UpdateCacheMiddleware
from django.test import Client, RequestFactory

from dockerflow.django import internals
from tests.support.databases import database

ROOT = Path(internals.__file__).parents[1]


# One test for each function, by its name


def test_convert_exceptions() -> None:
    def raises(request: HttpRequest) -> HttpResponse:
        raise ValueError("broken")

    sent = []

    def receive(request: HttpRequest, **kwargs: Any) -> None:
        sent.append(request)

    got_request_exception.connect(receive)
    try:
        request = RequestFactory().get("/")
        response = internals.convert_exceptions(raises)(request)
    finally:
        got_request_exception.disconnect(receive)

    assert (response.status_code, sent) == (500, [request])


def failing(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=503)


def failing_and_kept(request: HttpRequest) -> HttpResponse:
    response = failing(request)
    internals.keep_from_request_log(response)
    return response


@pytest.mark.parametrize(
    ("view", "logged"), [(failing, ["Service Unavailable: /"]), (failing_and_kept, [])]
)
def test_keep_from_request_log(
    settings: Any, caplog: pytest.LogCaptureFixture, view: Any, logged: list[str]
) -> None:
    class URLs:
        urlpatterns = [django.urls.path("", view)]

    settings.ROOT_URLCONF, settings.MIDDLEWARE = URLs, []
    response = Client(raise_request_exception=False).get("/")

    assert response.status_code == 503
    assert [r.getMessage() for r in caplog.records if r.name == "django.request"] == logged


@pytest.mark.parametrize("kept", [False, True])
def test_keep_from_cache(kept: bool) -> None:
    request = RequestFactory().get("/")
    request._cache_update_cache = True  # as FetchFromCacheMiddleware does
    if kept:
        internals.keep_from_cache(request)
    cache.clear()
    UpdateCacheMiddleware(failing).process_response(request, HttpResponse("page"))
    stored = len(cache._cache)
    cache.clear()

    assert stored == (0 if kept else 2)  # the page and its headers


@pytest.mark.django_db
@pytest.mark.parametrize("kept", [False, True])
def test_keep_session_unsaved(settings: Any, kept: bool) -> None:
    settings.SESSION_SAVE_EVERY_REQUEST = True
    request = RequestFactory().get("/")
    request.session = SessionStore()
    request.session["cart"] = [1]
    if kept:
        internals.keep_session_unsaved(request)
    response = SessionMiddleware(failing).process_response(request, HttpResponse())

    assert list(response.cookies) == ([] if kept else [settings.SESSION_COOKIE_NAME])
    assert request.session["cart"] == [1]


def with_lazy_user() -> HttpRequest:
    request = RequestFactory().get("/")
    request.session = SessionStore()
    AuthenticationMiddleware(failing).process_request(request)
    return request


@pytest.mark.django_db
def test_evaluated_user() -> None:
    asked, not_asked, known = with_lazy_user(), with_lazy_user(), RequestFactory().get("/")
    assert asked.user.is_anonymous
    known.user = User(pk=7)
    users = [internals.evaluated_user(request) for request in (asked, not_asked, known)]

    assert users == [AnonymousUser(), None, User(pk=7)]
    assert internals.evaluated_user(RequestFactory().get("/")) is None
    if django.VERSION >= (5, 0):
        async_to_sync(not_asked.auser)()
        assert internals.evaluated_user(not_asked) == AnonymousUser()


def test_close_for_good(django_db_blocker: Any) -> None:
    options = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    with database("memory", **options), django_db_blocker.unblock():
        connection = connections["memory"]
        connection.ensure_connection()
        driver = connection.connection
        connection.close()
        driver.execute("SELECT 1")  # Django's own spares it
        internals.close_for_good(connection)

        assert connection.connection is None
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            driver.execute("SELECT 1")


def test_has_request_thread() -> None:
    @async_to_sync
    async def outside_and_inside() -> tuple[bool, bool]:
        outside = internals.has_request_thread()
        async with ThreadSensitiveContext():
            return outside, internals.has_request_thread()

    assert outside_and_inside() == (False, True)


def test_use_executor() -> None:
    async def where() -> threading.Thread:
        async with ThreadSensitiveContext() as context:
            internals.use_executor(context, executor)
            return await sync_to_async(threading.current_thread)()

    with ThreadPoolExecutor(1, thread_name_prefix="ours") as executor:
        thread = asyncio.run(where())

    assert thread.name.startswith("ours")


def test_redis_clients() -> None:
    urls = [f"redis://127.0.0.1:{port}/0" for port in (1, 2, 3)]
    cache = RedisCache(urls, {})
    clients = internals.redis_clients(cache)

    assert [client.connection_pool.connection_kwargs["port"] for client in clients] == [1, 2, 3]
    pools = [client.connection_pool for client in clients]
    assert [client.connection_pool for client in internals.redis_clients(cache)] == pools


@pytest.mark.once
def test_celery_apps() -> None:
    from celery import Celery  # noqa: PLC0415 (not in every environment)

    made = []
    thread = threading.Thread(target=lambda: made.append(Celery("shop")))
    thread.start()
    thread.join()

    assert made[0] in internals.celery_apps()


# The list


def test_every_function_has_a_test_by_its_name() -> None:
    functions = {
        name
        for name, function in inspect.getmembers(internals, inspect.isfunction)
        if function.__module__ == internals.__name__
    }
    assert functions <= {name.removeprefix("test_") for name in globals()}


# Attributes that this package itself sets on what is not its own
OURS = {"_exception_text", "_id", "_request_id", "_start_timestamp", "_started"}
# Known to be nobody's interface in spite of their names
UNDOCUMENTED = {
    "context_to_thread_executor",
    "convert_exception_to_response",
    "dec_thread_sharing",
    "inc_thread_sharing",
    "thread_sensitive_context",
}
STANDARD_LIBRARY = {"_current_frames", "_getframe"}
DOCUMENTED = {
    "_meta",  # https://docs.djangoproject.com/en/stable/ref/models/meta/
    *("_asdict", "_replace"),  # of named tuples
}
ELSEWHERE = {
    "logging/dictconfig.py": {"_granian"},  # a logger's name
    # conf imports nothing of dockerflow.django. Its tests are in tests/conf.
    "conf/sources.py": {"_initializing", "_wrapped"},
}


def private_names(module: ast.Module) -> set[str]:
    """The private names that a module uses and does not define."""
    used, defined = set(), set()
    for node in ast.walk(module):
        match node:
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name):
                defined.add(name)
            case ast.Attribute(attr=name):
                used.add(name)
            case ast.Constant(value=str(name)) if name.isidentifier():
                used.add(name)
            case ast.alias(name=name):
                used.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                defined.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                defined.add(name)
    private = {name for name in used if re.match("_[a-z]", name)}
    return ((private | (used & UNDOCUMENTED)) - defined) - OURS - STANDARD_LIBRARY - DOCUMENTED


def test_private_names_of_django_are_used_in_one_file() -> None:
    found = {
        str(path.relative_to(ROOT)): names
        for package in ("conf", "django")
        for path in (ROOT / package).rglob("*.py")
        if (names := private_names(ast.parse(path.read_text())))
    }
    assert found.pop("django/internals.py") >= {
        "_acached_user",
        "_cache_update_cache",
        "_has_been_logged",
        "_wrapped",
        "context_to_thread_executor",
        "convert_exception_to_response",
        "thread_sensitive_context",
    }
    assert {path: names - ELSEWHERE.get(path, set()) for path, names in found.items()} == {
        path: set() for path in found
    }
