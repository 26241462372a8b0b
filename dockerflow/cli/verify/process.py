"""The application, started the way a container starts it, and surely ended."""

from __future__ import annotations

import collections
import contextlib
import ctypes
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import IO, TYPE_CHECKING, cast

from dockerflow.cli.probe import NoAnswerError, get
from dockerflow.cli.verify.proc import descendants

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import FrameType

PR_SET_CHILD_SUBREAPER = (
    36  # https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html
)
KILL_SECONDS = 5.0
LINES_KEPT = 1000
LINE_LIMIT = 1 << 16  # bytes


class Interrupted(BaseException):
    """SIGINT, SIGTERM or SIGHUP arrived; what was started has been ended."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Interrupts:
    """Turns the signals that end verify into :class:`Interrupted`, except while they are held."""

    def __init__(self) -> None:
        self.holding = False
        self.pending: int | None = None
        self.previous: dict[int, signal._HANDLER] = {}

    def __enter__(self) -> Interrupts:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # ignored for good reason: nohup, or a job in the background
            if signal.getsignal(number) != signal.SIG_IGN:
                self.previous[number] = signal.signal(number, self._arrived)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self.previous.items():
            signal.signal(number, handler)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Put the signals off: between a process's start and its name, and while it is killed."""
        self.holding = True
        try:
            yield
        finally:
            self.holding = False
        if self.pending is not None:
            number, self.pending = self.pending, None
            raise Interrupted(number)

    def _arrived(self, number: int, _frame: FrameType | None) -> None:
        if self.holding:
            self.pending = number
        else:
            raise Interrupted(number)


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
    """A command with a free ``$PORT``, in a session of its own.

    A context manager: whatever happens inside, its processes are gone outside, those that it left
    behind too (all of them on Linux, its process group elsewhere). Raises OSError where it can't
    be started.
    """

    def __init__(self, command: str, interrupts: Interrupts) -> None:
        self.interrupts = interrupts
        self.port = _free_port()
        self.environ = {**os.environ, "PORT": str(self.port)}
        self.words = split(command, self.environ)

    def __enter__(self) -> Application:
        if sys.platform == "linux":
            # who loses its parent becomes our child, so that it can be found and reaped
            ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.strangers = descendants(os.getpid())
        try:
            with self.interrupts.held():
                self.process = subprocess.Popen(  # noqa: S603
                    self.words,
                    env=self.environ,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    start_new_session=True,
                )
                self.stdout = Lines(cast("IO[bytes]", self.process.stdout))
                self.stderr = Lines(cast("IO[bytes]", self.process.stderr))
        except Interrupted:
            self._kill()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        with self.interrupts.held():
            self._kill()

    def family(self) -> set[int]:
        """Return the ids of the application's processes."""
        return descendants(os.getpid()) - self.strangers

    def status(self) -> int | None:
        """Return the exit status of the first process, -N for signal N, None while it runs."""
        return self.process.poll()

    def wait_for_answer(self, url: str, seconds: float) -> float | None:
        """Return after how many seconds ``url`` gave an answer, whatever it was; None if none."""
        begun = time.monotonic()
        while self.status() is None and (left := begun + seconds - time.monotonic()) > 0:
            try:
                get(url, left)
            except NoAnswerError:
                time.sleep(0.05)
            else:
                return time.monotonic() - begun
        return None

    def terminate(self, seconds: float) -> float | None:
        """Send SIGTERM to the first process; return how long it took to end, None if it did not."""
        begun = time.monotonic()
        self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        return time.monotonic() - begun

    def read_to_end(self) -> None:
        """End every process, and wait for the last lines."""
        with self.interrupts.held():
            self._kill()
        for lines in (self.stdout, self.stderr):
            lines.join(KILL_SECONDS)

    def _kill(self) -> None:
        deadline = time.monotonic() + KILL_SECONDS
        if sys.platform != "linux":
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        while (members := self.family()) and time.monotonic() < deadline:
            for pid in members:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
                if pid != self.process.pid:
                    with contextlib.suppress(ChildProcessError):
                        os.waitpid(pid, os.WNOHANG)
            self.process.poll()
            time.sleep(0.01)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(KILL_SECONDS)


def split(command: str, environ: Mapping[str, str]) -> list[str]:
    """Return the words of a command as a shell would, with ``$NAME`` and ``${NAME}`` filled in.

    There is no shell: the first word is the process that a container would start with. Raises
    ValueError where it can't be split or is empty.
    """
    words = shlex.split(command)
    if not words:
        raise ValueError("the command is empty")
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
