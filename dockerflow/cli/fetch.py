"""One HTTP request as a deploy makes it: through the environment's proxies, inside a deadline.

TLS certificates are verified, redirects are answers and are not followed, and every request has a
connection of its own.
"""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from dockerflow.cli.probe import Answer, Exchange, read_body

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping


class Client:
    """Sends requests, from any number of threads, until it is closed."""

    def __init__(self) -> None:
        # here and not in the threads: a process must not end while OpenSSL reads certificates
        self._context = ssl.create_default_context()
        self._exchanges: set[_Exchange] = set()

    def get(self, url: str, headers: Mapping[str, str], timeout: float) -> Answer:
        """Return the answer to a GET of ``url``, which is over after ``timeout`` seconds in all."""
        request = urllib.request.Request(url, headers=dict(headers))  # noqa: S310 (checked before)
        exchange = _Exchange(request, timeout, self._context)
        self._exchanges.add(exchange)
        try:
            answer = exchange.wait(timeout)
        finally:
            self._exchanges.discard(exchange)
        if answer.status:
            return answer
        return answer._replace(reason=f"{answer.reason}{_through_proxy(url)}")

    def close(self) -> None:
        """Give up what is under way."""
        for exchange in list(self._exchanges):
            exchange.give_up()


def _through_proxy(url: str) -> str:
    """Return which proxy a request for ``url`` goes through, by its variable, if any."""
    parts = urlsplit(url)
    if parts.scheme not in urllib.request.getproxies():
        return ""
    if urllib.request.proxy_bypass(parts.netloc):
        return ""
    return f" (through the proxy of {parts.scheme.upper()}_PROXY)"


class _Exchange(Exchange):
    """A request through the proxies of the environment."""

    def __init__(
        self, request: urllib.request.Request, timeout: float, context: ssl.SSLContext
    ) -> None:
        super().__init__()
        self.to_send = request
        self.timeout = timeout
        self.context = context

    def request(self) -> tuple[http.client.HTTPResponse, bytes]:
        opener = urllib.request.build_opener(_AnyStatus, _Handler(self.sockets, self.context))
        try:
            with opener.open(self.to_send, timeout=self.timeout) as response:
                return response, read_body(response)
        except urllib.error.URLError as error:
            reason = error.reason
            raise reason if isinstance(reason, Exception) else OSError(reason) from None


class _AnyStatus(urllib.request.HTTPErrorProcessor):
    """Returns every answer as it is: a redirect or an error is one, too."""

    def http_response(self, request: Any, response: Any) -> Any:
        return response

    https_response = http_response


class _Handler(urllib.request.HTTPSHandler, urllib.request.HTTPHandler):
    """Keeps the sockets that it opens, and verifies certificates."""

    def __init__(self, sockets: list[socket.socket], context: ssl.SSLContext) -> None:
        super().__init__(context=context)
        self.sockets = sockets
        self.context = context

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_recording(http.client.HTTPConnection, self.sockets), req)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        connection = _recording(http.client.HTTPSConnection, self.sockets)
        return self.do_open(connection, req, context=self.context)


def _recording(
    kind: type[http.client.HTTPConnection], sockets: list[socket.socket]
) -> Callable[..., Any]:
    class Connection(kind):  # type: ignore[misc, valid-type]
        def connect(self) -> None:
            super().connect()
            sockets.append(self.sock)

    return Connection
