"""The middleware: it answers the endpoints before anything else, and tells of every other request.

The two sides meet in ``__call__`` and nowhere else.
"""

from __future__ import annotations

import functools
import logging
import re
import sys
import time
from asyncio import CancelledError
from contextvars import Token
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
from django.http import HttpRequest
from django.utils.functional import LazyObject, empty

from dockerflow.conf import conf, lenient
from dockerflow.django import urls, views
from dockerflow.django.querystring import mask_query
from dockerflow.django.streams import follow
from dockerflow.logging import get_or_generate_request_id, request_id_context
from dockerflow.logging.jsonable import text
from dockerflow.logging.request_id import TRACE_HEADERS

# What logging does not let a record's extra fields be called
_RESERVED = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime"})
CLIENT_CLOSED_REQUEST = 499  # nginx's, for what no client saw the end of

_returns_coroutine = functools.lru_cache(maxsize=16)(iscoroutinefunction)


@functools.lru_cache(maxsize=4)
def _meta_name(header: str) -> str:
    return "HTTP_" + header.upper().replace("-", "_")


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
            return async_to_sync(view)(request) if _returns_coroutine(view) else view(request)
        if _is_under_way(request):
            return self.get_response(request)
        header, token = self._begin(request)
        try:
            response = self.get_response(request) if view is None else self._error(request)
            return self._followed(request, response, header)
        except BaseException as error:
            self._log_escaped(request, error)
            raise
        finally:
            request_id_context.reset(token)

    async def _acall(self, request: HttpRequest) -> Any:
        view = self._endpoint(request)
        if view is not None and view is not views.error:
            if native := views.NATIVE.get(view):
                response = native(request)
                return await response if isawaitable(response) else response
            return await (view if _returns_coroutine(view) else sync_to_async(view))(request)
        if _is_under_way(request):
            return await self.get_response(request)
        header, token = self._begin(request)
        try:
            response = await (self.get_response if view is None else self._error)(request)
            return self._followed(request, response, header)
        except BaseException as error:
            self._log_escaped(request, error)
            raise
        finally:
            request_id_context.reset(token)

    def _endpoint(self, request: HttpRequest) -> views.View | None:
        for pattern, view in self.viewpatterns:
            if pattern.match(request.path_info):
                served = view is not views.error or conf.DOCKERFLOW_ERROR_ENDPOINT
                return view if served else None
        return None

    def _begin(self, request: Any) -> tuple[str, Token[str | None]]:
        """Put the request's id into the context; return its header's name, and the way back."""
        request._start_timestamp = time.time()
        request._started = time.monotonic()
        header = lenient.DOCKERFLOW_REQUEST_ID_HEADER_NAME
        # Not request.headers: that makes a mapping of all headers, which most views never need.
        sent = request.META.get(_meta_name(header), "")
        request._id = get_or_generate_request_id({header: sent}, header)
        return header, request_id_context.set(request._id)

    def _followed(self, request: Any, response: Any, header: str) -> Any:
        """The response with the request's id, and the summary at its end."""
        # Other middleware may have chosen another id, or forgotten this one.
        rid = request._id = request_id_context.get() or request._id
        response.headers["X-Request-ID" if header.lower() in TRACE_HEADERS else header] = rid
        if not response.streaming:
            self._log(request, response.status_code)
            return response

        def tell(error: Exception | None) -> None:
            if error is not None:
                request._escaped = _said(error)
            self._log(request, response.status_code)

        follow(response, rid, tell)
        return response

    def _log_escaped(self, request: Any, error: BaseException) -> None:
        """The summary of a request that has no response, for its client or for nobody."""
        if isinstance(error, CancelledError):
            self._log(request, CLIENT_CLOSED_REQUEST)
        else:
            request._escaped = _said(error)
            self._log(request, 500)

    def _log(self, request: Any, code: int) -> None:
        try:
            extra = self._build_extra_meta(request) | {"code": code}
            for name in _RESERVED.intersection(extra):
                extra[f"{name}_"] = extra.pop(name)
        except Exception as error:  # in a project's override, or its user
            meta = {"method": request.method, "path": request.path, "rid": request._id}
            extra = {**meta, "code": code, "build_extra_meta_error": error}
        escaped = getattr(request, "_escaped", None)
        if escaped is None:
            level = logging.INFO
            extra["errno"] = code if code >= 500 else 0
        else:
            level = logging.ERROR
            extra["errno"] = 500
        logger = self.summary_logger
        if type(logger) is not logging.Logger:
            logger.log(level, escaped or "", extra=extra)
        elif logger.isEnabledFor(level):
            # What log() does, without its search for the line that called it.
            line = sys._getframe().f_lineno
            record = logger.makeRecord(
                logger.name, level, __file__, line, escaped or "", (), None, "_log", extra
            )
            logger.handle(record)

    def _build_extra_meta(self, request: Any) -> dict[str, Any]:
        """The fields of the summary; projects override it to add their own."""
        meta = {
            "errno": 0,
            "agent": request.META.get("HTTP_USER_AGENT", ""),
            "lang": request.META.get("HTTP_ACCEPT_LANGUAGE", ""),
            "method": request.method,
            "path": request.path,
            "rid": request_id_context.get() or getattr(request, "_id", None),
        }
        if hasattr(request, "_started"):
            meta["t"] = int(1000 * (time.monotonic() - request._started))
        user = _resolved_user(request)
        if user is not None:
            # Not every user is a row of the database, and one whose row is deleted has no key.
            pk = getattr(user, "pk", None) if getattr(user, "is_authenticated", False) else None
            meta["uid"] = "" if pk is None else str(pk)
        query = request.META.get("QUERY_STRING", "")
        if query and lenient.DOCKERFLOW_SUMMARY_LOG_QUERYSTRING:
            meta["querystring"] = mask_query(query)
        return meta


def _is_under_way(request: Any) -> bool:
    """Whether the same middleware stands before this one, or a subclass of it."""
    rid = request_id_context.get()
    return rid is not None and rid == getattr(request, "_id", None)


@receiver(got_request_exception)
def _note_exception(sender: object, request: Any = None, **kwargs: Any) -> None:
    """Remember what Django is about to turn into a response, wherever it was raised."""
    if request is not None:
        request._escaped = _said(sys.exc_info()[1])


def _said(error: BaseException | None) -> str:
    try:
        return str(error)
    except Exception:
        return text(error)


def _resolved_user(request: Any) -> Any:
    """The user, if somebody has asked for it; to ask would cost queries and ``Vary: Cookie``."""
    user = getattr(request, "user", None)
    # Not user._wrapped, for which Django's lazy objects run Python.
    if isinstance(user, LazyObject) and object.__getattribute__(user, "_wrapped") is empty:
        return getattr(request, "_acached_user", None)
    return user
