"""What a container does with the command, watched from outside: start, work, stop."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dockerflow.cli.verify import endpoints, proc
from dockerflow.cli.verify.process import Application, Interrupts
from dockerflow.cli.verify.requirements import (
    REQUIREMENTS,
    RUNNING,
    STARTED,
    Outcome,
    failed,
    passed,
    unchecked,
)
from dockerflow.version import read

if TYPE_CHECKING:
    from collections.abc import Iterable

FILES_LOOKED_AT = 20_000


class Bounds(NamedTuple):
    """The longest waits, in seconds: for one answer, for the first one, and after SIGTERM."""

    answer: float
    start: float
    stop: float


def check(command: str, bounds: Bounds, interrupts: Interrupts) -> dict[str, Outcome]:
    """Return what became of the application that ``command`` starts in this directory.

    Its processes are gone afterwards. Raises ValueError where ``command`` can't be split.
    """
    files_before = _log_files()
    outcomes = {
        requirement.name: unchecked("it did not answer on $PORT")
        for requirement in REQUIREMENTS
        if requirement.needs in {RUNNING, STARTED}
    }
    outcomes["version-file"], version_object = _version_file()
    with contextlib.ExitStack() as stack:
        try:
            application = stack.enter_context(Application(command, interrupts))
        except OSError as error:
            return outcomes | {"port": failed(f"it can't be started: {error}")}
        url = f"http://127.0.0.1:{application.port}/"
        seconds = application.wait_for_answer(url + "__lbheartbeat__", bounds.start)
        if seconds is None:
            outcomes["port"] = _no_answer(application, bounds.start)
            if application.status() is None:
                outcomes["stop"] = _stop(application, bounds.stop)
            return outcomes
        outcomes["port"] = _port(application, seconds)
        outcomes |= endpoints.check(url, bounds.answer, version_object)
        outcomes["one-process"] = _programs(application)
        open_files = proc.log_files(application.family())
        outcomes["stop"] = _stop(application, bounds.stop)
        application.read_to_end()
        files_now = _log_files()
        written = {path for path, state in files_now.items() if files_before.get(path) != state}
        outcomes["log-files"] = _files(open_files | written)
        outcomes["logs"] = _logs(application)
        outcomes["mozlog"] = _mozlog(application.stdout.first)
        return outcomes


def _version_file() -> tuple[Outcome, dict[str, Any] | None]:
    for path in (Path("version.json"), Path("/app/version.json")):
        try:
            return passed(f"{path} is one"), read(path)
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            return failed(str(error)), None
    return failed("there is no version.json in this directory nor in /app"), None


def _no_answer(application: Application, seconds: float) -> Outcome:
    if application.status() is not None:
        application.read_to_end()
        return failed(f"it ended before it answered, with {_ending(application)}")
    ports = {port for _, port in proc.listeners(application.family())}
    if application.port in ports:
        return failed(f"it accepts connections on $PORT, but did not answer in {seconds:g} s")
    if ports:
        others = " and ".join(map(str, sorted(ports)))
        return failed(f"after {seconds:g} s it listens on {others}, not on $PORT")
    return failed(f"after {seconds:g} s it did not listen on $PORT")


def _port(application: Application, seconds: float) -> Outcome:
    listeners = proc.listeners(application.family())
    addresses = {address for address, port in listeners if port == application.port}
    if addresses and all(proc.is_loopback(address) for address in addresses):
        return failed(
            "it listens on the loopback address only: nothing outside its container reaches it"
        )
    return passed(f"the first answer came after {seconds:.1f} s")


def _programs(application: Application) -> Outcome:
    family = application.family()
    programs = proc.programs(family)
    if not programs:
        return unchecked("what runs can only be seen on Linux")
    if len(programs) > 1:
        return failed(f"it runs {' and '.join(programs)}")
    return passed(f"{programs[0]}, {_count(len(family), 'process', 'processes')}")


def _stop(application: Application, seconds: float) -> Outcome:
    if application.status() is not None:
        application.read_to_end()
        return failed(f"it had ended by itself, with {_ending(application)}")
    # What has no handler dies of SIGTERM here, but not as process 1 of a container
    # (https://man7.org/linux/man-pages/man7/pid_namespaces.7.html). How it ends doesn't tell alone:
    # uvicorn handles the signal and then lets it kill the process.
    handled = proc.handles(application.process.pid, signal.SIGTERM)
    took = application.terminate(seconds)
    if took is None:
        return failed(f"it was still running {seconds:g} s after SIGTERM")
    if handled is False and application.status() == -signal.SIGTERM:
        return failed("it has no handler for SIGTERM: as process 1 of a container it ignores it")
    return passed(f"it ended {took:.1f} s after SIGTERM")


def _ending(application: Application) -> str:
    status = application.status() or 0
    cause = signal.Signals(-status).name if status < 0 else f"exit status {status}"
    words = application.stderr.last or application.stdout.last
    return f"{cause}; its last words: {words[-1][:200]}" if words else cause


def _log_files() -> dict[str, tuple[int, int]]:
    """Return size and time of what looks like a log under the working directory."""
    found: dict[str, tuple[int, int]] = {}
    seen = 0
    for directory, subdirectories, names in os.walk(Path.cwd()):
        subdirectories[:] = [
            name for name in subdirectories if not name.startswith(".") and name != "node_modules"
        ]
        for name in names:
            path = Path(directory, name)
            if proc.LOG_NAME.search(str(path)):
                with contextlib.suppress(OSError):
                    stat = path.stat()
                    found[str(path)] = stat.st_size, stat.st_mtime_ns
        seen += len(names)
        if seen > FILES_LOOKED_AT:
            break
    return found


def _files(paths: Iterable[str]) -> Outcome:
    here = f"{Path.cwd()}/"
    names = sorted(path.removeprefix(here) for path in paths)
    if names:
        return failed(f"it writes to {', '.join(names[:3])}")
    return passed("no log was written in this directory and none is held open elsewhere")


def _logs(application: Application) -> Outcome:
    out, err = application.stdout.count, application.stderr.count
    if out + err == 0:
        return failed("there was no line on stdout or stderr")
    return passed(f"{_count(out, 'line', 'lines')} on stdout, {err} on stderr")


def _mozlog(lines: list[str]) -> Outcome:
    if not lines:
        return failed("there was no line on stdout")
    for line in lines:
        try:
            record = json.loads(line)
            timestamp, version = record["Timestamp"], record["EnvVersion"]
        except (ValueError, TypeError, KeyError, RecursionError):
            return failed(f"on stdout stood: {line[:120]}")
        if not isinstance(timestamp, int) or version != "2.0":
            return failed(f"on stdout stood: {line[:120]}")
    return passed(f"{_count(len(lines), 'line', 'lines')} on stdout")


def _count(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"
