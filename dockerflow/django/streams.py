"""Follows a response that is sent bit by bit, within its request and to its end.

A server reads such a response when the middleware has long returned. So each step, and the closing
too, is taken with the request's id in the context anew.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.http import FileResponse

from dockerflow.logging import request_id_context


def follow(response: Any, rid: str, tell: Callable[[Exception | None], None]) -> None:
    """Have ``tell`` called once, at the end of ``response``, with the exception it broke with."""
    is_told = False

    def tell_once(error: Exception | None = None) -> None:
        nonlocal is_told
        if not is_told:
            is_told = True
            with _within(rid):
                tell(error)

    def close() -> None:
        with _within(rid):
            response_close()

    response_close, response.close = response.close, close
    # What nobody reads ends here, and a file, which may be read before anything of it is sent.
    response._resource_closers.append(tell_once)
    file = getattr(response, "file_to_stream", None)
    end = _nothing if isinstance(response, FileResponse) else tell_once
    # Its own end counts: where a stream breaks, Django under ASGI never closes the response.
    followed = _afollowed if response.is_async else _followed
    response.streaming_content = followed(response.streaming_content, rid, tell_once, end)
    if file is not None:  # which a server under WSGI may read by itself
        response.file_to_stream = file
        with suppress(AttributeError):  # of a file that takes none
            file.read = _telling(file.read, tell_once)


@contextmanager
def _within(rid: str) -> Iterator[None]:
    token = request_id_context.set(rid)
    try:
        yield
    finally:
        request_id_context.reset(token)


def _telling(read: Callable[..., bytes], tell: Callable[..., None]) -> Callable[..., bytes]:
    def telling(*args: Any, **kwargs: Any) -> bytes:
        try:
            return read(*args, **kwargs)
        except Exception as error:
            tell(error)
            raise

    return telling


def _nothing() -> None:
    pass


def _followed(
    content: Iterable[bytes], rid: str, tell: Callable[..., None], end: Callable[[], None]
) -> Iterator[bytes]:
    chunks = iter(content)
    try:
        while True:
            with _within(rid):
                chunk = next(chunks, None)
            if chunk is None:
                return
            yield chunk
    except Exception as error:
        tell(error)
        raise
    finally:
        end()


async def _afollowed(
    content: AsyncIterable[bytes], rid: str, tell: Callable[..., None], end: Callable[[], None]
) -> AsyncIterator[bytes]:
    chunks = aiter(content)
    try:
        while True:
            with _within(rid):
                chunk = await anext(chunks, None)
            if chunk is None:
                return
            yield chunk
    except Exception as error:
        tell(error)
        raise
    finally:
        end()
