"""What an application does while its backing services are cut off, silent, and back."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from dockerflow.cli.verify.endpoints import HEARTBEAT, LBHEARTBEAT, LBHEARTBEAT_SECONDS
from dockerflow.cli.verify.requirements import BACKED, Outcome, failed, passed, unchecked
from dockerflow.cli.verify.specification import REQUIREMENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dockerflow.cli.probe import Answer
    from dockerflow.cli.verify.endpoints import Site
    from dockerflow.cli.verify.process import Application
    from dockerflow.cli.verify.proxy import Proxy

RECOVERY_SECONDS = 5.0
SETTLE_SECONDS = 0.5  # a process that doesn't survive an error ends within this time
HEARTBEAT_INTERVAL = 0.1
LBHEARTBEAT_INTERVAL = 0.2
# as many as Kubernetes needs to restart a container, the failureThreshold of a liveness probe
LBHEARTBEAT_TRIES = 3
LINES = [requirement.name for requirement in REQUIREMENTS if requirement.needs == BACKED]
FIX_RECONNECTING = (
    "Limit how long the client of the service tries to connect again, and holds commands back "
    "meanwhile, to less than the timeout of the probe (ioredis: maxRetriesPerRequest), and answer "
    "5xx when that is over."
)
FIX_BEFORE = "Start everything that it needs, migrate its database, and verify again."


class Service(NamedTuple):
    """A backing service: the variable that points to it, and the proxy before it.

    The heartbeat must fail without it, or must not if it is ``optional``.
    """

    name: str
    proxy: Proxy
    optional: bool


class _StopTrial(Exception):  # noqa: N818 (no error)
    """The application ended or did not recover, so that nothing more can be tried."""


def check(application: Application, site: Site, services: Iterable[Service]) -> dict[str, Outcome]:
    """Cut each service off, bring it back, make it silent, bring it back; return the outcomes.

    The heartbeat has as much time to notice as for any answer.
    """
    watch = _Watch(site)
    trial = _Trial(application, site, watch)
    # it may connect after it has begun to listen
    passing, before, _ = trial.wait_for(range(200, 201), site.timeout)
    if not passing:
        verb = "answers" if before.status else "gives"
        found = f"the heartbeat {verb} {before} while every service is there"
        skipped = {name: unchecked("the heartbeat has to answer 200 first") for name in LINES}
        return skipped | {"heartbeat-backing": failed(found, FIX_BEFORE)}
    with watch:
        try:
            for service in services:
                trial.of(service)
        except _StopTrial:
            trial.complete = False
    outcomes = {name: trial.outcome(name) for name in LINES}
    lbheartbeat = watch.outcome()
    if trial.complete or lbheartbeat.passed is False:
        outcomes["lbheartbeat-backing"] = lbheartbeat
    return outcomes


class _Trial:
    """The faults that were tried: by line, a text for each one that it passed, or did not."""

    def __init__(self, application: Application, site: Site, watch: _Watch) -> None:
        self.application = application
        self.site = site
        self.watch = watch
        self.good: dict[str, list[str]] = {name: [] for name in LINES}
        self.bad: dict[str, list[str]] = {name: [] for name in LINES}
        self.fixes: dict[str, str] = {}
        self.sockets = self._sockets()
        self.complete = True

    def outcome(self, line: str) -> Outcome:
        if self.bad[line]:
            return failed("; ".join(self.bad[line]), self.fixes.get(line))
        if not self.complete or not self.good[line]:
            return unchecked("an earlier step failed")
        return passed("; ".join(self.good[line]))

    def of(self, service: Service) -> None:
        """Try one service; raises _StopTrial where no other can be tried."""
        noticed = self._fault("heartbeat-backing", service, "cut", service.proxy.cut)
        # a heartbeat that doesn't ask the service shows nothing while that is silent
        if noticed or service.optional:
            self._fault("heartbeat-silent", service, "silent", service.proxy.silence)

    def _fault(self, line: str, service: Service, name: str, begin: Callable[[], None]) -> bool:
        """Try one fault and the recovery; return whether the heartbeat conformed meanwhile."""
        label = f"{service.name}{' (optional)' if service.optional else ''} {name}"
        self.watch.label = label
        begin()
        wanted = range(200, 201) if service.optional else range(500, 600)
        noticed, answer, _ = self.wait_for(wanted, self.site.timeout)
        self.watch.request()
        if self.application.status(SETTLE_SECONDS) is not None:
            self._end(label)
        self._heartbeat(line, label, service, answer, noticed)
        service.proxy.restore()
        recovered, answer, seconds = self.wait_for(range(200, 201), RECOVERY_SECONDS)
        if self.application.status() is not None:
            self._end(label)
        self._recovery(label, answer, seconds, recovered)
        return noticed

    def wait_for(self, wanted: range, seconds: float) -> tuple[bool, Answer, float]:
        """Request the heartbeat until it has a wanted status, or for so many seconds.

        Returns whether it came, the last answer, and the seconds that went by.
        """
        begun = time.monotonic()
        answer: Answer | None = None
        while True:
            left = begun + seconds - time.monotonic()
            latest = self.site.get(HEARTBEAT, max(left, HEARTBEAT_INTERVAL))
            took = time.monotonic() - begun
            # a request that only the end of the time cut short shows nothing
            if answer is None or took < seconds or latest.status:
                answer = latest
            if answer.status in wanted:
                return True, answer, took
            if took >= seconds or self.application.status(HEARTBEAT_INTERVAL) is not None:
                return False, answer, took

    def _heartbeat(
        self, line: str, label: str, service: Service, answer: Answer, noticed: bool
    ) -> None:
        if noticed:
            self.good[line].append(f"{label}: {answer.timed()}")
            return
        text = f"{label}: {answer}"
        if service.optional:
            self.fixes[line] = "Let it answer 200 in time without what is optional."
        elif not service.proxy.connections:
            text += f", and nothing has connected to where {service.name} points"
            self.fixes[line] = (
                f"Let the application take the address of the service from {service.name}, and the "
                "heartbeat ask the service."
            )
        elif line == "heartbeat-backing" and not answer.status:
            self.fixes[line] = FIX_RECONNECTING
        self.bad[line].append(text)

    def _recovery(self, label: str, answer: Answer, seconds: float, recovered: bool) -> None:
        sockets = self._sockets()
        if self.sockets and sockets and not self.sockets & sockets:
            self.bad["stays-up"].append(f"{label}: it was restarted and listens on a new socket")
            self.sockets = sockets
        else:
            self.good["stays-up"] = ["it ran throughout"]
        if not recovered:
            self.bad["recovers"].append(f"{label}: {answer}, {seconds:.0f} s after it was back")
            raise _StopTrial
        self.good["recovers"].append(f"{label}: 200 again after {seconds:.1f} s")

    def _end(self, label: str) -> None:
        self.application.end()
        self.watch.ignored = label
        self.bad["stays-up"].append(f"{label}: it ended, with {self.application.describe_exit()}")
        raise _StopTrial

    def _sockets(self) -> set[str]:
        port = self.application.port
        return {at.inode for at in self.application.listeners() if at.port == port}


class _Watch(threading.Thread):
    """Requests the load balancer check all the time; ``label`` is the fault of the moment."""

    def __init__(self, site: Site) -> None:
        super().__init__(daemon=True)
        self.site = site
        self.label = ""  # before the first fault
        self.ignored = ""  # a fault that the application did not survive
        self.slowest = 0.0
        self.bad: dict[str, str] = {}
        self.over = threading.Event()

    def __enter__(self) -> _Watch:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.over.set()
        self.join()

    def run(self) -> None:
        while not self.over.is_set():
            if self.label:
                self.request()
            self.over.wait(LBHEARTBEAT_INTERVAL)

    def request(self) -> None:
        """Request it once, and again while there is no answer."""
        label = self.label
        for _ in range(LBHEARTBEAT_TRIES):
            answer = self.site.get(LBHEARTBEAT, LBHEARTBEAT_SECONDS)
            if answer.status:
                self.slowest = max(self.slowest, answer.seconds)
                break
        if answer.status != 200:
            self.bad.setdefault(label, str(answer))

    def outcome(self) -> Outcome:
        bad = [f"{label}: {text}" for label, text in self.bad.items() if label != self.ignored]
        if bad:
            return failed("; ".join(bad))
        return passed(f"200 throughout, the slowest answer after {self.slowest * 1000:.0f} ms")
