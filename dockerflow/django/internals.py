"""Every private name of Django, asgiref and Celery that this package cannot do without.

One function each. Its docstring says why, and on which Django versions the name was seen.
``tests/django/test_internals.py`` has a test for each, which fails by name when Django changes it.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from asgiref.sync import SyncToAsync, ThreadSensitiveContext
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.functional import LazyObject, empty

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from django.http import HttpRequest, HttpResponse


def convert_exceptions(view: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """``view``, with a response in place of an exception, as Django does around each middleware.

    What a middleware itself raises becomes a response outside of it: too late for the headers and
    the summary of ``/__error__``, which the middleware serves. Not documented; 4.2 to 6.1.
    """
    from django.core.handlers.exception import (  # noqa: PLC0415 (most processes never serve it)
        convert_exception_to_response,
    )

    return convert_exception_to_response(view)


def keep_from_request_log(response: HttpResponse) -> None:
    """Have ``django.request`` log nothing of ``response``, whatever its status.

    ``HttpResponse._has_been_logged``; nothing public keeps a single 500 from being logged, and
    mailed to ``ADMINS``, as an "Internal Server Error". 4.2 to 6.1.
    """
    response._has_been_logged = True  # type: ignore[attr-defined]


def keep_from_cache(request: HttpRequest) -> None:
    """Have ``UpdateCacheMiddleware`` store no response to ``request``.

    ``HttpRequest._cache_update_cache``; Django 4.2 and the first releases of 5.2 store a response
    in spite of ``Cache-Control: no-store``. 4.2 to 6.1.
    """
    request._cache_update_cache = False  # type: ignore[attr-defined]


def keep_session_unsaved(request: HttpRequest) -> None:
    """Have ``SessionMiddleware`` neither save the session of ``request`` nor set its cookie.

    With ``SESSION_SAVE_EVERY_REQUEST`` it does so for every session but one without the attribute
    ``accessed``, which others can read all the same. 4.2 to 6.1.
    """
    if hasattr(request, "session"):
        vars(request.session).pop("accessed", None)


def evaluated_user(request: Any) -> Any:
    """``request.user``, or what ``request.auser()`` returned, if somebody has asked for it.

    To ask would cost queries and ``Vary: Cookie``. ``LazyObject._wrapped`` is ``empty`` until then,
    and ``request._acached_user`` is not there. 4.2 (``_acached_user``: 5.0) to 6.1.
    """
    user = getattr(request, "user", None)
    if isinstance(user, LazyObject) and user._wrapped is empty:
        return getattr(request, "_acached_user", None)
    return user


def close_for_good(connection: BaseDatabaseWrapper) -> None:
    """Close a connection, even one to a database in memory, which SQLite's ``close()`` leaves open.

    A thread that ends with such a connection leaves it to the garbage collector, which warns.
    ``BaseDatabaseWrapper.close`` called on an instance of a subclass: Django 4.2 to 6.1.
    """
    BaseDatabaseWrapper.close(connection)


def has_request_thread() -> bool:
    """Whether synchronous code of the current task runs in a thread made for one request.

    That is so under Django's ASGI handler. Anywhere else, as in ``AsyncClient``, it runs in a
    thread that outlives the request, and that may be inside a transaction.
    ``SyncToAsync.thread_sensitive_context``: asgiref 3.6 to 3.13, Django 4.2 to 6.1.
    """
    return SyncToAsync.thread_sensitive_context.get(None) is not None


def use_executor(context: ThreadSensitiveContext, executor: Executor) -> None:
    """Have the synchronous code of a context run by an executor of ours.

    The context would make a thread pool, for whose threads the process waits when it exits.
    ``SyncToAsync.context_to_thread_executor``: asgiref 3.6 to 3.13, Django 4.2 to 6.1.
    """
    SyncToAsync.context_to_thread_executor[context] = executor


def redis_clients(cache: Any) -> list[Any]:
    """A client for each server in the ``LOCATION`` of Django's ``RedisCache``, the primary first.

    The public methods write to the first and read from one of the others, by chance.
    ``RedisCache._cache``, ``RedisCacheClient._servers`` and ``_get_connection_pool_index()``:
    Django 4.2 to 6.1.
    """
    clients = []
    for index in range(len(cache._cache._servers)):
        pinned = copy.copy(cache._cache)  # which shares the pools of connections
        pinned._get_connection_pool_index = lambda write, index=index: index
        clients.append(pinned.get_client(write=True))
    return clients


def celery_apps() -> list[Any]:
    """Every app of Celery in this process, whichever thread has made it.

    ``celery.current_app`` is another one in each thread. ``celery._state._get_active_apps()``:
    Celery 5.3 to 5.7.
    """
    from celery import _state  # noqa: PLC0415 (an optional package)

    return list(_state._get_active_apps())
