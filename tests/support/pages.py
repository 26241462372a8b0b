"""A small project's pages: the ways in which a request can end, for the tests of the middleware."""

import asyncio
import io
import logging
import mmap
import threading
import time
from collections.abc import AsyncIterator, Iterator

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.http import require_POST

logger = logging.getLogger("tests.support.pages")


def plain(request: HttpRequest) -> HttpResponse:
    logger.info("in the view")
    return HttpResponse("plain")


def missing(request: HttpRequest) -> HttpResponse:
    raise Http404("no such page")


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def bad(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation("that looks odd")


def raises(request: HttpRequest) -> HttpResponse:
    raise ValueError("100% broken")


async def araises(request: HttpRequest) -> HttpResponse:
    raise ValueError("100% broken")


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("this exception cannot be put in words")


class Fatal(Exception):
    def __str__(self) -> str:
        raise SystemExit(9)


def fatal(request: HttpRequest) -> HttpResponse:
    raise Fatal


def unspeakable(request: HttpRequest) -> HttpResponse:
    raise Unspeakable


def exits(request: HttpRequest) -> HttpResponse:
    raise SystemExit(1)


def sleeps(request: HttpRequest) -> HttpResponse:
    logger.info("good night")
    time.sleep(0.05)
    logger.info("good morning")
    return HttpResponse()


def unavailable(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=503)


def chunks() -> Iterator[bytes]:
    try:
        for chunk in (b"one", b"two"):
            logger.info("a chunk")
            yield chunk
    finally:
        logger.info("the end")


def stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(chunks())


def broken_chunks() -> Iterator[bytes]:
    yield b"one"
    raise ValueError("the stream broke")


def broken_stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(broken_chunks())


def exiting_chunks() -> Iterator[bytes]:
    yield b"one"
    raise SystemExit(1)


def exiting_stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(exiting_chunks())


async def achunks() -> AsyncIterator[bytes]:
    try:
        for chunk in (b"one", b"two"):
            logger.info("a chunk")
            yield chunk
            await asyncio.sleep(0)
    finally:
        logger.info("the end")


async def astream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(achunks())


async def broken_achunks() -> AsyncIterator[bytes]:
    yield b"one"
    raise ValueError("the stream broke")


async def broken_astream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(broken_achunks())


def endless_chunks() -> Iterator[bytes]:
    try:
        while True:
            yield 1000 * b"more"
            time.sleep(0.01)
    finally:
        logger.info("the end")


def endless_stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(endless_chunks())


async def endless_achunks() -> AsyncIterator[bytes]:
    try:
        while True:
            yield 1000 * b"more"
            await asyncio.sleep(0.01)
    finally:
        logger.info("the end")


async def endless_astream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(endless_achunks())


def file(request: HttpRequest) -> FileResponse:
    return FileResponse(open(__file__, "rb"))  # noqa: PTH123 (the response closes it)


class BrokenFile(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise OSError("the disk broke")
        return super().read(size)


def broken_file(request: HttpRequest) -> FileResponse:
    return FileResponse(BrokenFile(10_000 * b"-"))


def mapped_file(request: HttpRequest) -> FileResponse:
    content = mmap.mmap(-1, 9)
    content.write(b"in memory")
    content.seek(0)
    return FileResponse(content)


def memory_file(request: HttpRequest) -> FileResponse:
    return FileResponse(io.BytesIO(b"in memory"))


async def waits(request: HttpRequest) -> HttpResponse:
    logger.info("waiting")
    await asyncio.sleep(60)
    return HttpResponse()


gate = asyncio.Event()
gate.set()


async def twice(request: HttpRequest, number: int) -> HttpResponse:
    logger.info("%s before", number)
    await gate.wait()
    logger.info("%s after", number)
    return HttpResponse()


def background(request: HttpRequest) -> HttpResponse:
    thread = threading.Thread(target=logger.info, args=["in the background"])
    thread.start()
    thread.join()
    return HttpResponse()


def user(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.user))


async def auser(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(await request.auser()))


def own_error(request: HttpRequest) -> HttpResponse:
    return HttpResponse("a page of the project's own")


urlpatterns = [
    path("", plain),
    path("missing", missing),
    path("forbidden", forbidden),
    path("bad", bad),
    path("raises", raises),
    path("araises", araises),
    path("exits", exits),
    path("sleeps", sleeps),
    path("post-only", require_POST(plain)),
    path("unavailable", unavailable),
    path("stream", stream),
    path("broken-stream", broken_stream),
    path("exiting-stream", exiting_stream),
    path("astream", astream),
    path("broken-astream", broken_astream),
    path("endless-stream", endless_stream),
    path("endless-astream", endless_astream),
    path("file", file),
    path("fatal", fatal),
    path("unspeakable", unspeakable),
    path("memory-file", memory_file),
    path("broken-file", broken_file),
    path("mapped-file", mapped_file),
    path("waits", waits),
    path("twice/<int:number>", twice),
    path("background", background),
    path("user", user),
    path("auser", auser),
    path("__error__", own_error),
]
