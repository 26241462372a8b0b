"""A process of the tests' own: a private folder, a free port, and a sure end."""

import contextlib
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.support.watchdog import family, send

HOST = "127.0.0.1"
START_TIMEOUT = 60  # seconds; generous, the machine may be busy
STOP_TIMEOUT = 60  # seconds; gunicorn gives its workers 30


class Missing(Exception):
    """A program is not on this machine; the text says how to get it."""


class Failed(Exception):
    """A process did not do what it was started for; the text ends with its output."""


def find_program(*names: str, folders: Sequence[Path] = (), hint: str) -> Path:
    """Return the first program of these names, looked up in the folders and then on the PATH.

    Raises:
        Missing: with the hint, when there is none.
    """
    path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", os.defpath), "/usr/sbin"])
    for name in names:
        if found := shutil.which(name, path=path):
            return Path(found)
    raise Missing(f"{' or '.join(names)} not found: {hint}")


def home(folder: Path | str) -> dict[str, str]:
    """Return the variables that make ``folder`` a program's home."""
    return {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}


def python_path() -> str:
    """Return what makes another Python import the modules that this one does.

    The checkout comes last, so that a wheel that is installed comes before it.
    """
    checkout = Path(__file__).resolve().parents[2]
    entries = sorted((Path(entry).absolute() for entry in sys.path), key=checkout.__eq__)
    return os.pathsep.join(map(str, entries))


def unused_port() -> int:
    """Return a free TCP port that no client is given while its server is stopped."""
    while True:
        port = random.randint(10_000, 32_000)  # below Linux' range for clients
        with contextlib.suppress(OSError), socket.socket() as candidate:
            candidate.bind((HOST, port))
            return port


class Process(ABC):
    """One process and its children, on ``port``, in ``folder``.

    They end with the ``with`` block, and with the test run should that be killed (watchdog.py).
    """

    stop_signal = signal.SIGTERM
    unprivileged = False  # run as nobody where the tests run as root

    def __init__(self) -> None:
        self.port = unused_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{type(self).__name__.lower()}-"))
        self.log = self.folder / "output.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog = subprocess.Popen(
            [sys.executable, "-m", "tests.support.watchdog", self.folder],
            env={**os.environ, "PYTHONPATH": python_path()},
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        self._as_user: dict[str, Any] = {}
        if self.unprivileged and os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            self._as_user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @abstractmethod
    def command(self) -> Sequence[str | Path]:
        """What to run, in the foreground."""

    def environment(self) -> dict[str, str]:
        """This one's, with a home of its own to leave sockets and caches in."""
        return {**os.environ, **home(self.folder)}

    def is_ready(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection((HOST, self.port), timeout=1):
            return True
        return False

    def start(self) -> None:
        """Start the process and wait until it is ready.

        Raises:
            Failed: it exited, or was not ready within START_TIMEOUT.
        """
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                cwd=self.folder,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self._as_user,
            )
        self._watchdog.stdin.write(b"%d\n" % self.pid)
        self._watchdog.stdin.flush()
        deadline = time.monotonic() + START_TIMEOUT
        while not self.is_ready():
            if self._process.poll() is not None:
                raise Failed(f"exited with {self._process.returncode}:\n{self.output}")
            if time.monotonic() > deadline:
                raise Failed(f"not ready within {START_TIMEOUT} s:\n{self.output}")
            time.sleep(0.02)

    def stop(self) -> float:
        """End the process as a supervisor would; return the seconds until it was gone.

        Raises:
            Failed: it was still there after STOP_TIMEOUT, and was killed.
        """
        if self._process is None:
            return 0.0
        process, self._process = self._process, None
        members = family(process.pid)
        started = time.monotonic()
        process.send_signal(self.stop_signal)
        send(signal.SIGCONT, members)
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            send(signal.SIGKILL, members)
            process.wait()
            raise Failed(f"still there after {STOP_TIMEOUT} s:\n{self.output}") from None
        return time.monotonic() - started

    def restart(self) -> None:
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop, and remove the folder."""
        try:
            self.stop()
        finally:
            self._watchdog.communicate()

    def freeze(self) -> None:
        """Halt the process and its children: connections hang, and none is closed."""
        os.kill(self.pid, signal.SIGSTOP)  # first, so that it has no more children
        send(signal.SIGSTOP, family(self.pid))

    def thaw(self) -> None:
        send(signal.SIGCONT, family(self.pid))

    def run(self, *command: str | Path) -> None:
        """Run another command to its end, as the same user.

        Raises:
            Failed: it exited with anything but 0.
        """
        done = subprocess.run(
            command,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            **self._as_user,
        )
        if done.returncode:
            raise Failed(f"{command[0]} exited with {done.returncode}:\n{done.stdout}")

    def revive(self) -> None:
        """Undo freeze(), stop(), or whatever else it came to."""
        if self._process is None or self._process.poll() is not None:
            self.start()
        self.thaw()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def output(self) -> str:
        """Everything it has printed so far."""
        return self.log.read_text(errors="replace")
