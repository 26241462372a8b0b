"""What a container does with the command: it starts, works and stops."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import signal
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from dockerflow.cli.verify import address, backing, endpoints, output, proc
from dockerflow.cli.verify.process import Application
from dockerflow.cli.verify.proxy import HOST, Proxy
from dockerflow.cli.verify.requirements import (
    BACKED,
    RUNNING,
    STARTED,
    Outcome,
    failed,
    passed,
    unchecked,
)
from dockerflow.cli.verify.specification import REQUIREMENTS
from dockerflow.version import FILES, read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dockerflow.cli.verify.interrupts import Interrupts

ENDING_SECONDS = 0.2  # until it shows that a process has ended which answers no more
FIX_STARTED = "Start it the same way by hand; it may lack a setting or a service that it needs."
FIX_FOREGROUND = (
    "Keep the server in the foreground (no daemon, no &): a container ends with its first process."
)
FIX_PROGRAM = (
    "The program must exist and be executable, and so must the interpreter that its first line "
    "names (#!/bin/sh, without a carriage return). No shell is started: for &&, cd or NAME=value, "
    "write --command \"sh -c '...'\"."
)
FIX_LOOPBACK = "Bind to 0.0.0.0:$PORT, or to [::]:$PORT, and not to localhost."


class Bounds(NamedTuple):
    """The longest waits, in seconds: for one answer, for the first one, and after SIGTERM."""

    answer: float = 10.0
    start: float = 30.0
    stop: float = 10.0


def check(
    command: str, backing_names: Mapping[str, bool], bounds: Bounds, interrupts: Interrupts
) -> dict[str, Outcome]:
    """Return the outcomes for the application that ``command`` starts in this directory.

    ``backing_names`` are the variables that point to backing services, each with whether that is
    an optional one, without which the heartbeat must pass. The processes are gone afterwards.
    Raises ValueError where ``command`` can't be split, or where a name doesn't point to a service
    that runs.
    """
    environ = dict(os.environ)
    with contextlib.ExitStack() as stack:
        services = [
            _service(name, environ, optional, bounds.answer, stack)
            for name, optional in backing_names.items()
        ]
        return _check(Application(command, environ, interrupts), services, bounds)


def _service(
    name: str, environ: dict[str, str], optional: bool, timeout: float, stack: contextlib.ExitStack
) -> backing.Service:
    """Put a proxy before a service, and its address into the variable that points to it."""
    option = "--optional-backing" if optional else "--backing"
    at = address.find(f"{option} {name}", environ.get(name))
    address.check_reachable(at, timeout)
    proxy = stack.enter_context(Proxy(at.host, at.port))
    environ[name] = address.replace(environ[name], HOST, proxy.port)
    return backing.Service(name, proxy, optional)


def _check(
    application: Application, services: Sequence[backing.Service], bounds: Bounds
) -> dict[str, Outcome]:
    needs = {RUNNING, STARTED, BACKED} if services else {RUNNING, STARTED}
    files_before = output.log_files()
    outcomes = {
        requirement.name: unchecked("it did not answer on $PORT")
        for requirement in REQUIREMENTS
        if requirement.needs in needs
    }
    outcomes["version-file"], version_object = _version_file()
    with application:
        try:
            application.start()
        except OSError as error:
            return outcomes | {"port": failed(f"it can't be started: {error}", FIX_PROGRAM)}
        answered = application.wait_for_answer(endpoints.LBHEARTBEAT, bounds.start)
        if answered is None:
            outcomes["port"] = _no_answer(application, bounds.start)
            if application.status() is None:
                outcomes["stop"] = _stop(application, bounds.stop)
            return outcomes
        url, seconds = answered
        outcomes["port"] = _port(application, url, seconds)
        site = endpoints.Site(url, bounds.answer)
        outcomes |= endpoints.check(site, version_object)
        outcomes["one-process"] = _programs(application)
        open_files = proc.log_files(application.processes())
        stopped = application.status(ENDING_SECONDS) is not None
        if services and not stopped:
            found = backing.check(application, site, services)
            if not outcomes["lbheartbeat-backing"].passed:
                found.pop("lbheartbeat-backing", None)
            outcomes |= found
        if stopped or application.status() is None:
            outcomes["stop"] = _stop(application, bounds.stop)
        else:
            outcomes["stop"] = unchecked("it had ended without a backing service")
    files_now = output.log_files()
    written = {path for path, state in files_now.items() if files_before.get(path) != state}
    return outcomes | output.check(application, open_files | written)


def _version_file() -> tuple[Outcome, dict[str, Any] | None]:
    for path in FILES:
        try:
            return passed(f"{path} is one"), read(path)
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            return failed(str(error)), None
    return failed("there is no version.json in this directory nor in /app"), None


def _no_answer(application: Application, seconds: float) -> Outcome:
    if application.status() is not None:
        application.end()
        found = f"it ended before it answered, with {application.describe_exit()}"
        return failed(found, FIX_STARTED if application.status() else FIX_FOREGROUND)
    ports = {listener.port for listener in application.listeners()}
    if application.port in ports:
        return failed(
            f"it accepts connections on $PORT, but did not answer in {seconds:g} s",
            "Find out what it waits for; --start-timeout gives it more time.",
        )
    if ports:
        others = " and ".join(map(str, sorted(ports)))
        return failed(f"after {seconds:g} s it listens on {others}, not on $PORT")
    return failed(
        f"after {seconds:g} s it did not listen on $PORT",
        "Bind to 0.0.0.0:$PORT; --start-timeout gives it more time.",
    )


def _port(application: Application, url: str, seconds: float) -> Outcome:
    listeners = application.listeners()
    addresses = {at.address for at in listeners if at.port == application.port}
    if addresses and all(ipaddress.ip_address(address).is_loopback for address in addresses):
        return failed(
            f"it listens on {' and '.join(sorted(addresses))} only, the loopback address: nothing "
            "outside its container reaches it",
            FIX_LOOPBACK,
        )
    host = urlsplit(url).hostname
    where = "" if host == "127.0.0.1" else f", on {host} and not on 127.0.0.1"
    return passed(f"the first answer came after {seconds:.1f} s{where}")


def _programs(application: Application) -> Outcome:
    processes = application.processes()
    programs = proc.programs(processes)
    if not programs:
        return unchecked("only Linux shows what runs")
    if len(programs) > 1:
        return failed(f"it runs {' and '.join(programs)}")
    count = len(processes)
    return passed(f"{programs[0]}, {count} {'process' if count == 1 else 'processes'}")


def _stop(application: Application, seconds: float) -> Outcome:
    """Send SIGTERM and see what happens to the first process.

    Process 1 of a container ignores a signal that it has no handler for. That shows by itself where
    the application is process 1; elsewhere the handler shows it, but not for a process that
    handles the signal by letting it end the process after all, as Node.js does.
    https://man7.org/linux/man-pages/man7/pid_namespaces.7.html
    """
    if application.status() is not None:
        application.end()
        return failed(f"it had ended by itself, with {application.describe_exit()}", FIX_STARTED)
    ignores = proc.handles(application.pid, signal.SIGTERM) is False
    took = application.terminate(seconds)
    why = ": it has no handler for it, so that process 1 of a container ignores it"
    if took is None:
        return failed(f"it was still running {seconds:g} s after SIGTERM{why if ignores else ''}")
    if application.no_namespace and application.status() == -signal.SIGTERM:
        if ignores:
            return failed(f"SIGTERM ended it{why}")
        return unchecked(
            "SIGTERM ended it, and whether it ends process 1 of a container too can't be seen: "
            f"{application.no_namespace}"
        )
    return passed(f"it ended {took:.1f} s after SIGTERM")
