"""The application, started the way a container starts it, and always ended."""

from __future__ import annotations

import collections
import contextlib
import os
import re
import select
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import IO, TYPE_CHECKING, cast

from dockerflow.cli.probe import get
from dockerflow.cli.verify import launcher, proc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dockerflow.cli.verify.interrupts import Interrupts

POLL_SECONDS = 0.05
END_SECONDS = launcher.KILL_SECONDS + 1
LINES_KEPT = 1000
LINE_LIMIT = 1 << 16  # bytes


class Lines(threading.Thread):
    """Reads a stream to its end, so that it never blocks the writer; keeps the first lines."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self.stream = stream
        self.first: list[str] = []
        self.last: collections.deque[str] = collections.deque(maxlen=3)
        self.count = 0
        self.start()

    def run(self) -> None:
        with self.stream:
            for line in iter(lambda: self.stream.readline(LINE_LIMIT), b""):
                text = line.decode(errors="replace").rstrip()
                if text:
                    self.count += 1
                    self.last.append(text)
                    if self.count <= LINES_KEPT:
                        self.first.append(text)


class Application:
    """A command with a free ``$PORT``, run by launcher.py.

    On Linux it is process 1 of a PID namespace; ``no_namespace`` is the reason where it is not.
    After the ``with`` block none of its processes is left, not even those that it put into the
    background (elsewhere than on Linux: those of its process group). Raises ValueError where the
    command can't be split into words.
    """

    def __init__(self, command: str, environ: Mapping[str, str], interrupts: Interrupts) -> None:
        self.interrupts = interrupts
        self.port = _free_port()
        self.environ = {**environ, "PORT": str(self.port)}
        self.words = split(command, self.environ)
        self.no_namespace: str | None = None
        self._launcher: subprocess.Popen[bytes] | None = None
        self._status: int | None = None

    def start(self) -> None:
        """Start the command; raises OSError where that is not possible."""
        with self.interrupts.held():
            if sys.platform != "linux":
                self.no_namespace = "only Linux has PID namespaces"
                event, text = self._launch("process")
            else:
                event, text = self._launch("process-1")
                if event == "refused":
                    self._end()
                    self.no_namespace = f"a PID namespace is not allowed here ({text})"
                    event, text = self._launch("process")
            if event != "started":
                raise OSError(text)
            self.pid = int(text)

    def __enter__(self) -> Application:
        return self

    def __exit__(self, *error: object) -> None:
        self.end()

    def end(self) -> None:
        """End every process and read the last lines of output; more than once does no harm."""
        with self.interrupts.held():
            self._end()

    def processes(self) -> set[int]:
        """Return the ids of the application's processes; none elsewhere than on Linux."""
        return proc.descendants(self._launcher.pid) if self._launcher else set()

    def status(self, seconds: float = 0) -> int | None:
        """Return the exit status of the first process, -N for signal N.

        Waits up to ``seconds`` for it; None if the process still runs then.
        """
        if self._status is None and select.select([self._reports], [], [], seconds)[0]:
            event, _, status = self._report()
            # without a report, the launcher itself was killed
            self._status = int(status) if event == "ended" else -signal.SIGKILL
        return self._status

    def describe_exit(self) -> str:
        """Return how the first process ended, which it has, and the last line of its output."""
        status = self.status() or 0
        cause = signal.Signals(-status).name if status < 0 else f"exit status {status}"
        last = self.stderr.last or self.stdout.last
        return f"{cause}; last output: {last[-1][:200]}" if last else cause

    def wait_for_answer(self, path: str, seconds: float) -> tuple[str, float] | None:
        """Wait until the application answers a request for ``path``, with whatever status.

        Returns the base URL that it answers on and the time that took, in seconds; None if it
        ended or did not answer within ``seconds``.
        """
        begun = time.monotonic()
        while self.status() is None:
            for host in self._hosts():
                url = f"http://{host}:{self.port}/"
                if (left := begun + seconds - time.monotonic()) <= 0:
                    return None
                if get(url + path, left).status:
                    return url, time.monotonic() - begun
            time.sleep(POLL_SECONDS)
        return None

    def listeners(self) -> set[proc.Listener]:
        """Return the sockets that the application listens on; none elsewhere than on Linux."""
        return proc.listeners(self.processes())

    def terminate(self, seconds: float) -> float | None:
        """Send SIGTERM to the first process.

        Returns how many seconds it took to end; None if it still runs after ``seconds``.
        """
        begun = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        return None if self.status(seconds) is None else time.monotonic() - begun

    def _hosts(self) -> list[str]:
        """Return the host names of URLs that reach the application, loopback addresses first."""
        addresses = {at.address for at in self.listeners() if at.port == self.port}
        local = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
        hosts = [local.get(address, address) for address in sorted(addresses)]
        bracketed = [f"[{host}]" if ":" in host else host for host in hosts]
        return list(dict.fromkeys(["127.0.0.1", *bracketed]))

    def _launch(self, mode: str) -> tuple[str, str]:
        """Start launcher.py and return its first report, a word and a text."""
        reports, writable = os.pipe()
        self._reports = open(reports, "rb", buffering=0)  # noqa: SIM115, PTH123
        self._status = None
        program = [sys.executable, "-I", launcher.__file__, str(writable), mode]
        try:
            self._launcher = subprocess.Popen(  # noqa: S603
                [*program, *self.words],
                env=self.environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=[writable],
                start_new_session=True,
            )
        finally:
            os.close(writable)
        self.stdout = Lines(cast("IO[bytes]", self._launcher.stdout))
        self.stderr = Lines(cast("IO[bytes]", self._launcher.stderr))
        event, _, text = self._report()
        return event, text

    def _report(self) -> tuple[str, str, str]:
        return self._reports.readline().decode(errors="replace").strip().partition(" ")

    def _end(self) -> None:
        """Let the launcher kill what still runs, and wait for it."""
        if self._launcher is None:
            return
        cast("IO[bytes]", self._launcher.stdin).close()
        try:
            self._launcher.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._launcher.kill()
            self._launcher.wait()
        for lines in (self.stdout, self.stderr):
            lines.join(END_SECONDS)
        if not self._reports.closed:
            self.status()
            self._reports.close()


def split(command: str, environ: Mapping[str, str]) -> list[str]:
    """Return the words of a command as a shell would, with ``$NAME`` and ``${NAME}`` filled in.

    No shell runs: the first word is the process that a container would start with. Raises
    ValueError where the command can't be split or is empty.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ValueError(f"--command cannot be split into words: {error}") from None
    if not words:
        raise ValueError("--command is empty: is the variable set?")
    return [
        re.sub(
            r"\$(?:(\w+)|\{(\w+)\})", lambda name: environ.get(name[1] or name[2], name[0]), word
        )
        for word in words
    ]


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("", 0))
        port: int = listener.getsockname()[1]
        return port
