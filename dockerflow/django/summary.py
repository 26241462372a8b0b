"""``request.summary``: its fields, and the end of a response that is streamed.

A server reads a streamed response when the middleware has long returned. So each step of it, and
its end, is taken with the request's id in the context anew.
"""

from __future__ import annotations

import sys
import time
from asyncio import CancelledError
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from django.core.signals import got_request_exception
from django.dispatch import receiver

from dockerflow.conf import lenient
from dockerflow.django import internals
from dockerflow.logging import request_id_context
from dockerflow.logging.jsonable import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    End = Callable[[BaseException | None], None]


def fields(request: Any) -> dict[str, Any]:
    """The fields of the summary; ``t`` in milliseconds.

    https://github.com/mozilla-services/Dockerflow/blob/main/docs/mozlog.md
    """
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
    user = internals.evaluated_user(request)
    if user is not None:
        # Not every user is a row of the database, and one whose row is deleted has no key.
        pk = getattr(user, "pk", None) if getattr(user, "is_authenticated", False) else None
        meta["uid"] = "" if pk is None else str(pk)
    query = request.META.get("QUERY_STRING", "")
    if query and lenient.DOCKERFLOW_SUMMARY_LOG_QUERYSTRING:
        from dockerflow.django.querystring import mask_query  # noqa: PLC0415 (off by default)

        meta["querystring"] = mask_query(query)
    return meta


def note_exception(request: Any, error: BaseException | None) -> None:
    """Remember the exception that ended a request, for the message of its summary."""
    request._exception_text = type(error).__name__
    for show in (text, str):
        with suppress(BaseException):  # whatever it does when it is shown, even exit
            request._exception_text = show(error)


@receiver(got_request_exception)
def _note_unhandled(sender: object, request: Any = None, **kwargs: Any) -> None:
    """Django is about to turn an exception into a response, wherever it was raised."""
    if request is not None:
        note_exception(request, sys.exc_info()[1])


def wrap_stream(response: Any, rid: str, on_end: End) -> None:
    """Call ``on_end`` once, when ``response`` has ended, with the exception that broke it, if any.

    Any object may be a response. One that cannot be watched ends here and now.

    :param rid: the id of the request, within which all of the response and ``on_end`` run
    """
    end = _once(rid, on_end)
    watched = [_wrap_content(response, rid, end), _wrap_close(response, rid, end)]
    if not any(watched):
        end(None)


def _once(rid: str, on_end: End) -> End:
    has_ended = False

    def end(error: BaseException | None) -> None:
        nonlocal has_ended
        if not has_ended:
            has_ended = True
            with _request_id(rid):
                on_end(error)

    return end


@contextmanager
def _request_id(rid: str) -> Iterator[None]:
    token = request_id_context.set(rid)
    try:
        yield
    finally:
        request_id_context.reset(token)


def _wrap_content(response: Any, rid: str, end: End) -> bool:
    try:
        content, file = response.streaming_content, getattr(response, "file_to_stream", None)
        if hasattr(content, "__next__"):
            response.streaming_content = _Content(content, rid, end)
        elif hasattr(content, "__anext__"):
            response.streaming_content = _AsyncContent(content, rid, end)
        else:  # of a response that is no StreamingHttpResponse
            return False
        if file is not None:  # a FileResponse now takes its content for no file
            response.file_to_stream = _File(file, rid, end)
    except Exception:  # it has no content to read, or none that can be replaced
        return False
    return True


def _wrap_close(response: Any, rid: str, end: End) -> bool:
    def close() -> None:
        # A response that is served again is wrapped again.
        attributes.pop("close", None)
        if own is not None:
            attributes["close"] = own
        try:
            with _request_id(rid):
                original()
        finally:
            end(None)

    try:
        attributes, original = vars(response), response.close
        own = attributes.get("close")
        response.close = close
    except (AttributeError, TypeError):  # it cannot be closed, or takes no attributes
        return False
    return True


class _Watched:
    """What is read in place of a response's content, and ends with it.

    The response closes it. Under ASGI a server may break off and close nothing: then it ends when
    it is dropped.
    """

    def __init__(self, content: Any, rid: str, end: End) -> None:
        self._content = content
        self._rid = rid
        self._end = end

    def close(self) -> None:
        self._end(None)

    __del__ = close


class _Content(_Watched):
    def __iter__(self) -> _Content:
        return self

    def __next__(self) -> Any:
        try:
            with _request_id(self._rid):
                return next(self._content)
        except StopIteration:
            # A response that is served again gets another one of these around this one.
            self._content = iter(())
            raise
        except BaseException as error:  # also of a worker that is stopped
            self._end(error)
            raise


class _AsyncContent(_Watched):
    def __aiter__(self) -> _AsyncContent:
        return self

    async def __anext__(self) -> Any:
        try:
            with _request_id(self._rid):
                return await anext(self._content)
        except (StopAsyncIteration, CancelledError, GeneratorExit):
            raise
        except BaseException as error:
            self._end(error)
            raise


class _File:
    """A file that a server under WSGI reads by itself (``wsgi.file_wrapper``)."""

    def __init__(self, file: Any, rid: str, end: End) -> None:
        self._file = file
        self._rid = rid
        self._end = end

    def __getattr__(self, name: str) -> Any:  # fileno, with which a server may do without read
        return getattr(self._file, name)

    def read(self, *args: Any) -> Any:
        try:
            with _request_id(self._rid):
                return self._file.read(*args)
        except BaseException as error:
            self._end(error)
            raise
