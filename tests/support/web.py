"""The two ends of HTTP, for real: a server of our own, and a browser."""

import contextlib
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.process import HOST, Process, find_program, home, python_path
from tests.support.watchdog import family


class Answer(NamedTuple):
    """What a server said, and how long that took."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    seconds: float

    def json(self) -> Any:
        return json.loads(self.body)


class Server(Process):
    """A web server: what follows ``python -m``, with "{port}" where its port goes.

    It imports what the tests import, and runs tests.settings unless the environment says otherwise.
    """

    def __init__(self, *command: str, **environment: str) -> None:
        super().__init__()
        self._command = [argument.replace("{port}", str(self.port)) for argument in command]
        self._environment = environment

    def command(self) -> list[str]:
        return [sys.executable, "-m", *self._command]

    def environment(self) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            **super().environment(),
            "PYTHONPATH": python_path(),
            "PYTHONUNBUFFERED": "1",
            **self._environment,
        }

    def is_ready(self) -> bool:
        # A connection is not enough: gunicorn listens before the application is there.
        with contextlib.suppress(OSError, http.client.HTTPException):
            self.get("/__lbheartbeat__")
            return True
        return False

    def get(self, path: str, **options: Any) -> Answer:
        return self.request("GET", path, **options)

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30,
    ) -> Answer:
        """Send one request on a connection of its own.

        Raises:
            OSError: no connection, or no answer within ``timeout`` seconds (TimeoutError).
        """
        connection = http.client.HTTPConnection(HOST, self.port, timeout=timeout)
        with contextlib.closing(connection):
            started = time.monotonic()
            connection.request(method, path, headers=dict(headers or {}))
            response = connection.getresponse()
            body = response.read()
            return Answer(response.status, response.headers, body, time.monotonic() - started)

    def workers(self) -> list[int]:
        """Return the ids of the child processes."""
        return [process.pid for process in family(self.pid)[1:]]


class Chromium:
    """A browser without a window, fresh for every page."""

    def __init__(self) -> None:
        self.program = find_program("chromium", "google-chrome", hint="apt-get install chromium")

    def dump_dom(self, url: str, *options: str) -> str:
        """Return the page as HTML, after its scripts ran."""
        return self._run("--dump-dom", *options, url)

    def screenshot(self, url: str, path: Path, *options: str) -> None:
        """Write a picture of the page, a PNG, to ``path``."""
        self._run("--hide-scrollbars", f"--screenshot={path}", *options, url)

    def _run(self, *arguments: str) -> str:
        with tempfile.TemporaryDirectory(prefix="chromium-") as profile:
            return subprocess.run(
                [
                    self.program,
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-quic",
                    "--no-first-run",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                    f"--user-data-dir={profile}",
                    *arguments,
                ],
                check=True,
                env={**os.environ, **home(profile)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                timeout=60,
            ).stdout
