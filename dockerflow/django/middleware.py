"""The middleware: it answers the endpoints before anything else, and tells of every other request.

The two sides meet in ``__call__`` and nowhere else.
"""

from __future__ import annotations

import logging
import re
import sys
import time
from asyncio import CancelledError
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from inspect import isawaitable
from typing import Any, ClassVar

from asgiref.sync import (
    async_to_sync,
    iscoroutinefunction,
    markcoroutinefunction,
    sync_to_async,
)
from django.core.handlers.exception import convert_exception_to_response
from django.core.signals import got_request_exception
from django.dispatch import receiver
from django.http import FileResponse, HttpRequest
from django.utils.functional import LazyObject, empty

from dockerflow.conf import conf
from dockerflow.django import urls, views
from dockerflow.logging import get_or_generate_request_id, request_id_context
from dockerflow.scrub import mask_query

# Their form is fixed, and a request's id is only a part of it.
TRACE_HEADERS = ("traceparent", "x-cloud-trace-context")
CLIENT_CLOSED_REQUEST = 499  # nginx's, for what no client saw the end of


class DockerflowMiddleware:
    """First in ``MIDDLEWARE``, it serves the endpoints to any Host, without TLS or a session.

    Every other request gets an id (``request._id``), which all its log records and its response
    carry, and one record of the logger ``request.summary`` when its response has ended.
    https://github.com/mozilla-services/Dockerflow/blob/main/docs/mozlog.md
    """

    sync_capable = True
    async_capable = True

    viewpatterns: ClassVar[list[tuple[re.Pattern[str], views.View]]] = [
        (re.compile("/" + route.pattern.regex.pattern.removeprefix("^")), route.callback)
        for route in urls.urlpatterns
    ]
    summary_logger = logging.getLogger("request.summary")

    def __init__(self, get_response: views.View) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        error = sync_to_async(views.error) if self._is_async else views.error
        # Django turns exceptions into responses around a middleware and not inside it.
        self._error: views.View = convert_exception_to_response(error)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if self._is_async:
            return self._acall(request)
        view = self._endpoint(request)
        if view is not None and view is not views.error:
            return async_to_sync(view)(request) if iscoroutinefunction(view) else view(request)
        with self._identified(request):
            response = self.get_response(request) if view is None else self._error(request)
            return self._followed(request, response)

    async def _acall(self, request: HttpRequest) -> Any:
        view = self._endpoint(request)
        if view is not None and view is not views.error:
            if native := views.NATIVE.get(view):
                response = native(request)
                return await response if isawaitable(response) else response
            return await (view if iscoroutinefunction(view) else sync_to_async(view))(request)
        with self._identified(request):
            response = await (self.get_response if view is None else self._error)(request)
            return self._followed(request, response)

    def _endpoint(self, request: HttpRequest) -> views.View | None:
        for pattern, view in self.viewpatterns:
            if pattern.match(request.path_info):
                served = view is not views.error or conf.DOCKERFLOW_ERROR_ENDPOINT
                return view if served else None
        return None

    @contextmanager
    def _identified(self, request: Any) -> Iterator[None]:
        """The request's id is in the context, and an exception that gets here is told of."""
        request._start_timestamp = time.time()
        request._started = time.monotonic()
        request._id = get_or_generate_request_id(
            request.headers, conf.DOCKERFLOW_REQUEST_ID_HEADER_NAME
        )
        token = request_id_context.set(request._id)
        try:
            yield
        except CancelledError:
            self._log(request, CLIENT_CLOSED_REQUEST)
            raise
        except BaseException as error:
            request._escaped = str(error)
            self._log(request, 500)
            raise
        finally:
            request_id_context.reset(token)

    def _followed(self, request: Any, response: Any) -> Any:
        """The response with the request's id, and the summary at its end."""
        # Other middleware may have chosen another id, or forgotten this one.
        rid = request._id = request_id_context.get() or request._id
        header = conf.DOCKERFLOW_REQUEST_ID_HEADER_NAME
        response.headers["X-Request-ID" if header.lower() in TRACE_HEADERS else header] = rid
        if not response.streaming:
            self._log(request, response.status_code)
            return response

        def log() -> None:
            with _current(rid):
                self._log(request, response.status_code)

        def close() -> None:
            with _current(rid):
                response_close()

        response_close, response.close = response.close, close
        # For what is never read, and for files, which a server may send by itself.
        response._resource_closers.append(log)
        if not isinstance(response, FileResponse):
            stream = _astream if response.is_async else _stream
            response.streaming_content = stream(request, response.streaming_content, rid, log)
        return response

    def _log(self, request: Any, code: int) -> None:
        if getattr(request, "_is_summed_up", False):  # a stream ends, and then it is closed
            return
        request._is_summed_up = True
        extra = self._build_extra_meta(request)
        extra["code"] = code
        escaped = getattr(request, "_escaped", None)
        if escaped is None:
            extra["errno"] = code if code >= 500 else 0
            self.summary_logger.info("", extra=extra)
        else:
            extra["errno"] = 500
            self.summary_logger.error(escaped, extra=extra)

    def _build_extra_meta(self, request: Any) -> dict[str, Any]:
        """The fields of the summary; projects override it to add their own."""
        meta = {
            "errno": 0,
            "agent": request.headers.get("User-Agent", ""),
            "lang": request.headers.get("Accept-Language", ""),
            "method": request.method,
            "path": request.path,
            "rid": request_id_context.get() or getattr(request, "_id", None),
        }
        if hasattr(request, "_started"):
            meta["t"] = int(1000 * (time.monotonic() - request._started))
        user = _resolved_user(request)
        if user is not None:
            # Not every user is a row of the database, and one whose row is deleted has no key.
            pk = getattr(user, "pk", None) if user.is_authenticated else None
            meta["uid"] = "" if pk is None else str(pk)
        query = request.META.get("QUERY_STRING", "")
        if query and conf.DOCKERFLOW_SUMMARY_LOG_QUERYSTRING:
            meta["querystring"] = mask_query(query)
        return meta


@receiver(got_request_exception)
def _note_exception(sender: object, request: Any = None, **kwargs: Any) -> None:
    """Remember what Django is about to turn into a response, wherever it was raised."""
    if request is not None:
        request._escaped = str(sys.exc_info()[1])


def _resolved_user(request: Any) -> Any:
    """The user, if somebody has asked for it; to ask would cost queries and ``Vary: Cookie``."""
    user = getattr(request, "user", None)
    if isinstance(user, LazyObject) and user._wrapped is empty:
        return getattr(request, "_acached_user", None)
    return user


@contextmanager
def _current(rid: str | None) -> Iterator[None]:
    token = request_id_context.set(rid)
    try:
        yield
    finally:
        request_id_context.reset(token)


# A server reads a stream when the middleware has long returned, so each step is taken in the
# request's context anew. And where a stream breaks, Django under ASGI never closes the response.


def _stream(
    request: Any, content: Iterable[bytes], rid: str | None, log: Callable[[], None]
) -> Iterator[bytes]:
    chunks = iter(content)
    try:
        while True:
            with _current(rid):
                chunk = next(chunks, None)
            if chunk is None:
                return
            yield chunk
    except Exception as error:
        request._escaped = str(error)
        raise
    finally:
        log()


async def _astream(
    request: Any, content: AsyncIterable[bytes], rid: str | None, log: Callable[[], None]
) -> AsyncIterator[bytes]:
    chunks = aiter(content)
    try:
        while True:
            with _current(rid):
                chunk = await anext(chunks, None)
            if chunk is None:
                return
            yield chunk
    except Exception as error:
        request._escaped = str(error)
        raise
    finally:
        log()
