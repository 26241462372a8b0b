"""One HTTP request inside a deadline: a container's health check, without curl.

No proxies, no redirects followed, nothing but the standard library, and little of that:
a health check starts every few seconds.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlsplit

from dockerflow.cli.printing import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

# host:8000/path, but not unix:/run/x.sock
_HOST_AND_PATH = r"[\w.-]+(:[0-9]+)?(/.*)?"
BODY_LIMIT = 1 << 20  # bytes
LINE_LIMIT = 300  # characters of a status line and its redirect
# Early Hints and the like, after which the answer itself comes; 101 is an answer.
# https://www.rfc-editor.org/rfc/rfc9110#name-informational-1xx
INTERIM = {100, *range(102, 200)}
NO_JSON = object()


class Answer(NamedTuple):
    """An answer, with at most 1 MiB of its body; ``seconds`` from the connection to the end.

    Where no complete one came in time, ``status`` is 0 and ``reason`` says why.
    """

    status: int
    reason: str
    headers: http.client.HTTPMessage
    body: bytes
    seconds: float

    def __str__(self) -> str:
        """Return the status line, and where a redirect leads: ``301 Moved Permanently to /``."""
        line = f"{self.status} {self.reason}".rstrip() if self.status else self.reason
        location = self.headers.get("Location")
        if 300 <= self.status < 400 and location:
            line = f"{line} to {location}"
        return printable(line, LINE_LIMIT)

    def timed(self) -> str:
        """Return the status line and how long the answer took."""
        return f"{self} in {self.seconds * 1000:.0f} ms"

    def is_page(self) -> bool:
        """Return whether the body is a document in HTML or XML."""
        return self.body.lstrip()[:1] == b"<"

    def json(self) -> Any:
        """Return what the body is in JSON, or NO_JSON."""
        import json  # noqa: PLC0415 (which a probe does not need)

        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return NO_JSON


def default_url(environ: Mapping[str, str]) -> str:
    """Return the address of the load balancer's heartbeat in this container.

    The port is ``PORT`` in ``environ``, or 8000. The path begins with ``SCRIPT_NAME``, without
    which gunicorn refuses every request where it is set. Both are not set while they are blank.

    :raises ValueError: ``PORT`` is not a port, or ``SCRIPT_NAME`` not a path
    """
    port = environ.get("PORT", "").strip() or "8000"
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(f"PORT is {port!r}, not a number from 1 to 65535")
    prefix = environ.get("SCRIPT_NAME", "").strip().rstrip("/")
    if prefix and not prefix.startswith("/"):
        raise ValueError(f"SCRIPT_NAME is {prefix!r}, not a path that begins with /")
    return f"http://127.0.0.1:{port}{quote(prefix)}/__lbheartbeat__"


def probe(url: str, timeout: float) -> tuple[bool, str]:
    """Return whether ``url`` answers with 2xx within ``timeout`` seconds, and one line about it.

    Raises ValueError where ``url`` can't be requested.
    """
    answer = get(url, timeout)
    line = answer.timed() if answer.status else str(answer)
    return 200 <= answer.status < 300, f"{url}: {line}"


def get(url: str, timeout: float) -> Answer:
    """Return the answer to a GET of ``url``, which is over after ``timeout`` seconds in all.

    Raises ValueError where ``url`` can't be requested.
    """
    return _Exchange(url, timeout).wait(timeout)


class Exchange(threading.Thread):
    """One request and its answer.

    A thread, because a socket's timeout begins anew with every byte and none bounds the look-up of
    a host name.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.sockets: list[socket.socket] = []
        self.answer: Answer | None = None
        self.error: Exception | None = None
        self.missing = "no answer"  # what there was not until now

    def request(self) -> tuple[http.client.HTTPResponse, bytes]:
        """Return the response to the request and its body; puts sockets into ``sockets``."""
        raise NotImplementedError

    def run(self) -> None:
        begun = time.monotonic()
        try:
            response, body = self.request()
            seconds = time.monotonic() - begun
            self.answer = Answer(response.status, response.reason, response.headers, body, seconds)
        except Exception as error:
            self.error = error

    def wait(self, timeout: float) -> Answer:
        """Start, and return the answer, for which there are ``timeout`` seconds."""
        self.start()
        self.join(timeout)
        answer = self.answer
        reason = explain(self.error) or f"{self.missing} in {round(timeout, 2):g} s"
        self.give_up()
        return answer or Answer(0, reason, http.client.HTTPMessage(), b"", 0.0)

    def give_up(self) -> None:
        """Wake the thread, should it still read, and let it close its socket."""
        if not self.is_alive():
            return
        for opened in self.sockets:
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
        self.join(0.1)


def read_body(response: http.client.HTTPResponse) -> bytes:
    """Return the body, or as much of it as is wanted.

    Raises http.client.IncompleteRead where it ends too early.
    """
    body = response.read(BODY_LIMIT)
    if response.length and len(body) < BODY_LIMIT:
        raise http.client.IncompleteRead(body)
    return body


class _Exchange(Exchange):
    """A request without proxies."""

    def __init__(self, url: str, timeout: float) -> None:
        super().__init__()
        check_url(url)
        parts = urlsplit(url)
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        # the host is None only where check_url raises
        self.connection = kind(str(parts.hostname), parts.port, timeout=timeout)
        self.target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self.missing = "no connection"

    def request(self) -> tuple[http.client.HTTPResponse, bytes]:
        with contextlib.closing(self.connection):
            self.connection.connect()
            self.sockets.append(self.connection.sock)
            self.missing = "no answer"
            self.connection.request("GET", self.target, headers={"Connection": "close"})
            with self.connection.getresponse() as response:
                while response.status in INTERIM:
                    response.headers = None  # type: ignore[assignment] # begins anew
                    response.begin()
                self.missing = f"only the beginning of an answer ({response.status})"
                return response, read_body(response)


def check_url(url: str) -> None:
    """Raise ValueError where ``url`` can't be requested; the text is the reason."""
    if not url.strip():
        raise ValueError("the URL is empty")
    shown = _without_password(url)
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("a URL has brackets only around an IPv6 address") from None
    if "@" in parts.netloc:
        raise ValueError("a URL with a user or a password can't be requested")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        hint = f"; write http://{url}" if re.fullmatch(_HOST_AND_PATH, url) else ""
        hint = f"; write http://HOST:PORT{url}" if re.match("/(?!/)", url) else hint
        hint = "" if "@" in url else hint
        raise ValueError(f"{shown} is not an http or https URL{hint}")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError(f"{shown} has characters that a URL can't have")
    labels = parts.hostname.removesuffix(".").split(".")
    if not all(0 < len(label) < 64 for label in labels):
        raise ValueError(f"{shown} has a host name with a part that is empty or too long")
    try:
        parts.port  # noqa: B018 (it is parsed when it is read)
    except ValueError:
        raise ValueError(f"{shown} has a port that is no number from 0 to 65535") from None


def check_base_url(url: str) -> None:
    """Raise ValueError where nothing can be requested below ``url``; the text is the reason."""
    check_url(url)
    if "?" in url or "#" in url:
        raise ValueError(
            f"{_without_password(url)} has a query or a fragment; give the address below which "
            "/__version__ is"
        )


def _without_password(url: str) -> str:
    # one may stand before an @, with whatever characters
    return "the URL" if "@" in url else repr(url)


def explain(error: Exception | None) -> str | None:
    """Return what ``error`` means for a request, None for none and where the time was up."""
    if error is None or isinstance(error, TimeoutError):
        return None
    if isinstance(error, ConnectionRefusedError):
        return "connection refused, nothing listens there"
    if isinstance(error, ConnectionError):
        return "the connection was closed without an answer"
    if isinstance(error, http.client.IncompleteRead):
        return "the connection was closed in the middle of the answer"
    if isinstance(error, http.client.HTTPException):
        return "the answer is not HTTP"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return "the answer is not TLS; is it an http URL?"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
