"""Whatever a project calls a response: the client gets it as it is, and it has its summary."""

import functools
import io
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from wsgiref.util import FileWrapper

import pytest
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory
from django.urls import path

from dockerflow.django.middleware import DockerflowMiddleware
from tests.support.stack import ASGI, WSGI, Answer, Log

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning"),
]

OURS = "dockerflow.django.middleware.DockerflowMiddleware"
INFO, ERROR = 6, 3  # syslog's severities
CHUNKS = [b"one", b"two"]


def chunks() -> Iterator[bytes]:
    yield from CHUNKS


async def achunks() -> AsyncIterator[bytes]:
    for chunk in CHUNKS:
        yield chunk


class AsyncOnly:
    """An iterable that gives out its iterator, and is none itself."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        return achunks()


class Sequence:
    """What is iterable for having items."""

    def __getitem__(self, index: int) -> bytes:
        return CHUNKS[index]


class Foreign(HttpResponseBase):
    """A stream without what Django's own has: no ``is_async``, no ``streaming_content``."""

    streaming = True

    def __iter__(self) -> Iterator[bytes]:
        return chunks()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return achunks()


class WithAList(Foreign):
    """It counts on its content to stay what it is."""

    def __init__(self) -> None:
        super().__init__()
        self.streaming_content = list(CHUNKS)

    def __iter__(self) -> Iterator[bytes]:
        return (self.streaming_content[index] for index in range(len(self.streaming_content)))


class WithAnIterator(Foreign):
    """It reads its content by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.streaming_content = chunks()

    def __iter__(self) -> Iterator[bytes]:
        while chunk := next(self.streaming_content, None):
            yield chunk


class ReadOnly(StreamingHttpResponse):
    """Its content cannot be replaced after it was made."""

    def _set_streaming_content(self, value: Any) -> None:
        if hasattr(self, "_iterator"):
            raise TypeError("there is one already")
        super()._set_streaming_content(value)


class Hidden(Foreign):
    """Its content cannot even be looked at."""

    @property
    def streaming_content(self) -> Any:
        raise RuntimeError("look elsewhere")


class OwnClose(StreamingHttpResponse):
    """One that somebody has given another way to close it."""

    def __init__(self) -> None:
        super().__init__(chunks())
        close = self.close
        self.close = functools.partial(close)


RESPONSES: dict[str, Callable[[], Any]] = {
    "a generator": lambda: StreamingHttpResponse(chunks()),
    "a list": lambda: StreamingHttpResponse(list(CHUNKS)),
    "text": lambda: StreamingHttpResponse(iter(["one", "two"])),
    "an async generator": lambda: StreamingHttpResponse(achunks()),
    "an async iterable": lambda: StreamingHttpResponse(AsyncOnly()),
    "a sequence": lambda: StreamingHttpResponse(Sequence()),
    "a file": lambda: FileResponse(io.BytesIO(b"onetwo")),
    "chunks in place of a file": lambda: FileResponse(chunks()),
    "a class of its own": Foreign,
    "a list of its own": WithAList,
    "an iterator of its own": WithAnIterator,
    "a read-only content": lambda: ReadOnly(chunks()),
    "a hidden content": Hidden,
    "a close of its own": OwnClose,
}


def serve(settings: Any, view: Callable[[HttpRequest], Any]) -> None:
    class URLs:
        urlpatterns = [path("", view)]

    settings.ROOT_URLCONF = URLs


@pytest.mark.parametrize("kind", RESPONSES)
def test_a_response_arrives_as_it_does_without_the_middleware(
    server: WSGI | ASGI, log: Log, settings: Any, kind: str
) -> None:
    serve(settings, lambda request: RESPONSES[kind]())
    answer = server.get("/", x_request_id="abc")
    settings.MIDDLEWARE = []
    plain = type(server)().get("/")

    assert plain.body == b"onetwo"
    assert answer == Answer(200, {**plain.headers, "X-Request-ID": "abc"}, b"onetwo")
    assert log.outcomes == [(INFO, 200, 0, "")]


class Bare:
    """Has nothing but what a middleware further in may look at."""

    __slots__ = ("status_code", "streaming")

    def __init__(self) -> None:
        self.status_code, self.streaming = 207, True


@pytest.mark.parametrize("streaming", [True, False])
def test_an_object_that_cannot_be_watched_ends_at_once(log: Log, streaming: bool) -> None:
    bare = Bare()
    bare.streaming = streaming

    assert DockerflowMiddleware(lambda request: bare)(RequestFactory().get("/")) is bare
    assert log.outcomes == [(INFO, 207, 0, "")]


class KeptOpen(io.BytesIO):
    """A file that a project opens once and serves to all."""

    def close(self) -> None:
        pass


@pytest.mark.parametrize("environment", [{}, {"wsgi.file_wrapper": FileWrapper}])
def test_one_file_may_be_served_a_thousand_times(
    log: Log, settings: Any, environment: dict[str, Any]
) -> None:
    file = KeptOpen(b"onetwo")

    def view(request: HttpRequest) -> FileResponse:
        file.seek(0)
        return FileResponse(file)

    serve(settings, view)
    server = WSGI()
    bodies = []
    for _ in range(1100):
        _, _, response = server.start(RequestFactory().get("/").environ | environment)
        bodies.append(b"".join(response))
        response.close()

    assert bodies == 1100 * [b"onetwo"]
    assert log.outcomes == 1100 * [(INFO, 200, 0, "")]


@pytest.mark.parametrize("kind", [Foreign, WithAList, OwnClose])
def test_one_response_may_be_served_a_thousand_times(
    log: Log, settings: Any, kind: Callable[[], Any]
) -> None:
    response = kind()
    serve(settings, lambda request: response)
    server = WSGI()
    for _ in range(1100):
        server.get("/")

    assert log.outcomes == 1100 * [(INFO, 200, 0, "")]


def test_a_file_keeps_what_a_server_may_use_to_send_it_by_itself(
    log: Log, settings: Any, tmp_path: Any
) -> None:
    (tmp_path / "file").write_bytes(b"onetwo")
    serve(settings, lambda request: FileResponse((tmp_path / "file").open("rb")))
    given: list[Any] = []

    def file_wrapper(file: Any, block_size: int) -> Any:
        given.append((file.fileno() > 2, file.name, file.tell(), file.seekable()))
        return FileWrapper(file, block_size)

    environ = RequestFactory().get("/").environ | {"wsgi.file_wrapper": file_wrapper}
    _, _, response = WSGI().start(environ)
    response.close()

    assert given == [(True, str(tmp_path / "file"), 0, True)]
    assert log.outcomes == [(INFO, 200, 0, "")]


def test_a_response_without_a_stream_needs_no_more_than_a_status(log: Log, settings: Any) -> None:
    class Plain(HttpResponse):
        streaming = None

    serve(settings, lambda request: Plain("plain"))

    assert WSGI().get("/").body == b"plain"
    assert log.outcomes == [(INFO, 200, 0, "")]
