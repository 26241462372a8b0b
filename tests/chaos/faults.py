"""What breaks in a chaos run."""

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.chaos.failures import (
    DATABASE_HUNG,
    DATABASE_REFUSED,
    EXHAUSTED,
    LOCKED,
    NONE,
    REDIS_HUNG,
    REDIS_REFUSED,
    Failure,
)
from tests.chaos.proxy import ChaosProxy
from tests.chaos.stage import Stage
from tests.support.process import Process
from tests.support.watchdog import family, send

SLOW = 0.05  # seconds


@dataclass(frozen=True)
class Fault:
    """Something that breaks.

    :param may_flap: whether a check may pass for a moment meanwhile
    :param lasts: whether there is anything to wait for between its beginning and its end
    """

    name: str
    begin: Callable[[], object]
    end: Callable[[], object]
    failure: Failure = NONE
    may_flap: bool = False
    lasts: bool = True


def faults(stage: Stage, *, can_drop: bool) -> list[Fault]:
    """Every fault there is, in a fixed order."""
    database = DATABASE_REFUSED, DATABASE_HUNG, can_drop
    redis = REDIS_REFUSED, REDIS_HUNG, can_drop
    full = Fault("max_connections in use", stage.exhaust, stage.release, EXHAUSTED, may_flap=True)
    return [
        *_faults("PostgreSQL", stage.postgresql, stage.to_postgresql, *database),
        Fault("django_migrations locked", stage.lock, stage.release, LOCKED),
        full,
        *_faults("Redis", stage.redis, stage.to_redis, *redis),
    ]


def _faults(
    name: str,
    service: Process,
    proxy: ChaosProxy,
    refused: Failure,
    hung: Failure,
    can_drop: bool,
) -> Iterator[Fault]:
    def kill() -> None:
        send(signal.SIGKILL, family(service.pid))

    def break_off() -> None:
        proxy.is_breaking_off = True

    def slow() -> None:
        proxy.delay = SLOW

    def heal() -> None:
        proxy.is_breaking_off = False
        proxy.delay = 0.0

    restarting = Failure(refused.ids)
    yield Fault(f"{name} frozen", service.freeze, service.thaw, hung)
    yield Fault(f"{name} killed", kill, service.revive, refused)
    yield Fault(f"{name} restarted", service.restart, lambda: None, restarting, lasts=False)
    yield Fault(f"{name} refuses", proxy.cut, proxy.restore, refused)
    yield Fault(f"{name} silent", proxy.silence, proxy.restore, hung)
    yield Fault(f"{name} breaks off", break_off, heal, refused)
    yield Fault(f"{name} slow", slow, heal)
    if can_drop:
        yield Fault(f"packets to {name} dropped", proxy.drop, proxy.deliver, hung)
