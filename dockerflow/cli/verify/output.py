"""Where an application logs to, and in which form."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from dockerflow.cli.verify import proc
from dockerflow.cli.verify.requirements import Outcome, failed, passed, unchecked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dockerflow.cli.verify.process import Application

FILES_LIMIT = 20_000
SILENT = "there was no line on stdout or stderr"


def log_files() -> dict[str, tuple[int, int]]:
    """Return size and modification time of what looks like a log under the working directory."""
    found: dict[str, tuple[int, int]] = {}
    count = 0
    for directory, subdirectories, names in os.walk(Path.cwd()):
        subdirectories[:] = [
            name for name in subdirectories if not name.startswith(".") and name != "node_modules"
        ]
        for name in names:
            path = Path(directory, name)
            if proc.is_log(str(path)):
                with contextlib.suppress(OSError):
                    stat = path.stat()
                    found[str(path)] = stat.st_size, stat.st_mtime_ns
        count += len(names)
        if count > FILES_LIMIT:
            break
    return found


def check(application: Application, written: Iterable[str]) -> dict[str, Outcome]:
    """Return the outcomes for an application that has ended and wrote to these log files."""
    here = f"{Path.cwd()}/"
    names = sorted(path.removeprefix(here) for path in written)
    return {
        "logs": _logs(application, names),
        "log-files": _files(names),
        "mozlog": _mozlog(application),
    }


def _logs(application: Application, names: list[str]) -> Outcome:
    out, err = application.stdout.count, application.stderr.count
    if out + err:
        return passed(f"{lines(out)} on stdout, {err} on stderr")
    if names:
        return failed(f"{SILENT}, but it writes to {', '.join(names[:3])}")
    # an application that has nothing to log conforms
    return unchecked(f"{SILENT}, and no log file either")


def _files(names: list[str]) -> Outcome:
    if names:
        return failed(f"it writes to {', '.join(names[:3])}")
    return passed("no log was written in this directory and none is held open elsewhere")


def _mozlog(application: Application) -> Outcome:
    first = application.stdout.first
    if not first:
        if not application.stderr.count:
            return unchecked(SILENT)
        return failed("there was no line on stdout")
    for line in first:
        if not _is_mozlog(line):
            return failed(f"this line is on stdout: {line[:120]}")
    return passed(f"{lines(len(first))} on stdout")


def _is_mozlog(line: str) -> bool:
    try:
        record = json.loads(line)
        return isinstance(record["Timestamp"], int) and record["EnvVersion"] == "2.0"
    except (ValueError, TypeError, KeyError, RecursionError):
        return False


def lines(number: int) -> str:
    """Return the number with its noun: ``1 line``, ``2 lines``."""
    return f"{number} {'line' if number == 1 else 'lines'}"
