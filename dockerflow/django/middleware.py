"""The middleware: it answers the endpoints before anything else, and logs every other request.

The two sides meet in ``__call__`` and nowhere else.
"""

from __future__ import annotations

import logging
import re
import time
from asyncio import CancelledError
from typing import TYPE_CHECKING, Any, ClassVar

from asgiref.sync import (
    async_to_sync,
    iscoroutinefunction,
    markcoroutinefunction,
    sync_to_async,
)
from django.apps import apps
from django.urls import ResolverMatch

from dockerflow.conf import lenient
from dockerflow.django import internals, middleware_order, summary, urls, views
from dockerflow.loggers import write
from dockerflow.logging import request_id_context
from dockerflow.logging.request_id import TRACE_HEADERS, valid_or_new_id

if TYPE_CHECKING:
    from contextvars import Token

    from django.http import HttpRequest

logger = logging.getLogger("dockerflow.django")

# The names that logging allows no field of a record to have; a project's factory may add some
_RECORD = logging.getLogRecordFactory()("", logging.NOTSET, "", 0, "", (), None)
_RESERVED = frozenset({*vars(_RECORD), "message", "asctime"})
_NAMES = {route.callback: route.name for route in urls.urlpatterns}
CLIENT_CLOSED_REQUEST = 499  # nginx's, for a response whose end no client saw


class DockerflowMiddleware:
    """First in ``MIDDLEWARE``, it serves the endpoints to any Host, without TLS or a session.

    Every other request gets an id (``request._id``), which all its log records and its response
    carry, and one record of the logger ``request.summary`` when its response has ended.
    https://github.com/mozilla-services/Dockerflow/blob/main/docs/mozlog.md
    """

    sync_capable = True
    async_capable = True

    viewpatterns: ClassVar[list[tuple[re.Pattern[str], views.View]]] = [
        (re.compile("/" + str(route.pattern).removeprefix("^")), route.callback)
        for route in urls.urlpatterns
    ]
    summary_logger = logging.getLogger("request.summary")

    def __init__(self, get_response: views.View) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        # What /__error__ raises becomes a response here, as what a view raises does further in.
        error = sync_to_async(views.error) if self._is_async else views.error
        self._error = internals.convert_exceptions(error)
        if self._is_async:
            markcoroutinefunction(self)
        # No system check sees what an agent puts into MIDDLEWARE when the server starts.
        if paths := middleware_order.in_front(DockerflowMiddleware):
            write(
                logger,
                logging.WARNING,
                "%s. %s",
                middleware_order.sentence(paths),
                middleware_order.HINT,
            )
        # Nor are there any of ours without the app.
        if apps.ready and not apps.is_installed("dockerflow.django"):
            write(logger, logging.WARNING, "%s. %s", *app_sentences())

    def __call__(self, request: HttpRequest) -> Any:
        if self._is_async:
            return self._acall(request)
        view = self._endpoint(request)
        if view in views.NATIVE:
            return view(request)
        if view is not None and view is not views.error:
            return async_to_sync(view)(request) if iscoroutinefunction(view) else view(request)
        if _has_begun(request):
            return self.get_response(request)
        header, token = self._begin(request)
        try:
            response = self.get_response(request) if view is None else self._error(request)
            return self._finish(request, response, header)
        except BaseException as error:
            self._fail(request, error)
            raise
        finally:
            request_id_context.reset(token)

    async def _acall(self, request: HttpRequest) -> Any:
        view = self._endpoint(request)
        if view is not None and view is not views.error:
            if native := views.NATIVE.get(view):
                return await native(request)
            return await (view if iscoroutinefunction(view) else sync_to_async(view))(request)
        if _has_begun(request):
            return await self.get_response(request)
        header, token = self._begin(request)
        try:
            response = await (self.get_response if view is None else self._error)(request)
            return self._finish(request, response, header)
        except BaseException as error:
            self._fail(request, error)
            raise
        finally:
            request_id_context.reset(token)

    def _endpoint(self, request: HttpRequest) -> views.View | None:
        """The view that answers in place of the project, which tracing tools name it by."""
        for pattern, view in self.viewpatterns:
            if pattern.match(request.path_info):
                if view is views.error and not lenient.DOCKERFLOW_ERROR_ENDPOINT:
                    return None
                request.resolver_match = _resolver_match(pattern, view)
                return view
        return None

    def _begin(self, request: Any) -> tuple[str, Token[str | None]]:
        """Put the request's id into the context; return its header's name, and the way back."""
        request._start_timestamp = time.time()
        request._started = time.monotonic()
        header = lenient.DOCKERFLOW_REQUEST_ID_HEADER_NAME
        # Not request.headers: that makes a mapping of all headers, which most views never need.
        sent = request.META.get("HTTP_" + header.upper().replace("-", "_"), "")
        request._id = valid_or_new_id(sent, header)
        return header, request_id_context.set(request._id)

    def _finish(self, request: Any, response: Any, header: str) -> Any:
        """Give the response the request's id, and log the summary at its end."""
        # Other middleware may have chosen another id, or forgotten this one.
        rid = request._id = request_id_context.get() or request._id
        if lenient.DOCKERFLOW_REQUEST_ID_IN_RESPONSE:
            _set_id(response, "X-Request-ID" if header.lower() in TRACE_HEADERS else header, rid)
        if not getattr(response, "streaming", False):
            self._log(request, response.status_code)
            return response

        def on_end(error: BaseException | None) -> None:
            if error is not None:
                summary.note_exception(request, error)
            self._log(request, response.status_code)

        summary.wrap_stream(response, rid, on_end)
        return response

    def _fail(self, request: Any, error: BaseException) -> None:
        """Log the summary of a request without a response, for its client or for anybody."""
        if isinstance(error, CancelledError):
            self._log(request, CLIENT_CLOSED_REQUEST)
        else:
            summary.note_exception(request, error)
            self._log(request, 500)

    def _log(self, request: Any, code: int) -> None:
        try:
            extra = self._build_extra_meta(request) | {"code": code}
            for name in _RESERVED.intersection(extra):
                extra[f"{name}_"] = extra.pop(name)
        except Exception as error:  # in a project's override, or its user
            meta = {"method": request.method, "path": request.path, "rid": request._id}
            extra = {**meta, "code": code, "build_extra_meta_error": error}
        exception_text = getattr(request, "_exception_text", None)
        failed = exception_text is not None
        extra["errno"] = 500 if failed else code if code >= 500 else 0
        level = logging.ERROR if failed else logging.INFO
        write(self.summary_logger, level, exception_text or "", extra=extra, place=_PLACE)

    def _build_extra_meta(self, request: Any) -> dict[str, Any]:
        """The fields of the summary; projects override it to add their own."""
        return summary.fields(request)


# What the record of a summary names: to look for it on the stack takes 3 us.
_PLACE = __file__, DockerflowMiddleware._log.__code__.co_firstlineno, "_log"


def app_sentences() -> tuple[str, str]:
    """What is missing without the app in ``INSTALLED_APPS``, and what to do about it."""
    text = (
        '"dockerflow.django" is not in INSTALLED_APPS: bad settings do not stop the start, there'
        " are no system checks, and no manage.py dockerflow"
    )
    if apps.is_installed("dockerflow"):
        return text, 'Write "dockerflow.django" in place of "dockerflow".'
    return text, 'Add "dockerflow.django".'


def _has_begun(request: Any) -> bool:
    """Whether the same middleware stands before this one, or a subclass of it."""
    rid = request_id_context.get()
    return rid is not None and rid == getattr(request, "_id", None)


def _resolver_match(pattern: re.Pattern[str], view: views.View) -> ResolverMatch:
    name = _NAMES.get(view)
    namespaces: list[str | None] = [urls.app_name] if name else []
    return ResolverMatch(
        view,
        (),
        {},
        url_name=name,
        app_names=namespaces,
        namespaces=namespaces,
        route="^" + pattern.pattern.removeprefix("/"),
    )


def _set_id(response: Any, header: str, rid: str) -> None:
    """Set the header, unless the view has set it, on whatever the project calls a response."""
    try:
        own = response.headers.get(header)
        # A response that is served again has the id of the last time.
        if own is None or own == getattr(response, "_request_id", None):
            response.headers[header] = response._request_id = rid
    except Exception:  # of an id that no header can hold, or an object without headers
        return
