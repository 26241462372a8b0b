"""Breaks databases and caches under real servers at random, and watches their heartbeats.

``python3 tests/run.py -e chaos -- --minutes N --seed N --server NAME``. Exits with 1 if anything
was not as docs/fast-and-safe.rst promises.
"""

import argparse
import random
import sys
import time
from contextlib import ExitStack

from tests.chaos.aftermath import Records, judge_records, judge_recovery
from tests.chaos.failures import TIMEOUT
from tests.chaos.faults import Fault, faults
from tests.chaos.invariants import judge_heartbeats, judge_liveness
from tests.chaos.lateness import Lateness
from tests.chaos.proxy import enter_namespace
from tests.chaos.report import Report
from tests.chaos.stage import Stage
from tests.chaos.watched import ARGUMENTS, Watched
from tests.chaos.window import RECOVERED, Window
from tests.support.process import Missing

LASTS = TIMEOUT + 2, 2 * TIMEOUT + 3  # seconds, at least and at most, of a fault


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20, help="20 by default")
    parser.add_argument("--faults", type=int, default=sys.maxsize, help="end after so many")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument(
        "--server", action="append", choices=ARGUMENTS, help="may be repeated; all by default"
    )
    parser.add_argument(
        "--only",
        action="append",
        metavar="TEXT",
        help="faults with this in their names; may be repeated; all by default",
    )
    parser.add_argument(
        "--busy",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="added to every limit, on a machine that has other work to do",
    )
    return parser.parse_args()


class Run:
    """The servers on their stage, for as long as a ``with`` block."""

    def __init__(self, stack: ExitStack, kinds: list[str], extra: float) -> None:
        self.stage = Stage(stack)
        self.extra = extra
        self.watched = [Watched(stack, kind, self.stage) for kind in kinds]
        self.watched[0].migrate()
        for watched in self.watched:
            watched.warm_up()
        self.stage.had_redis_connections = self.stage.redis_connections()
        self.records = {watched.kind: Records(watched) for watched in self.watched}
        self.lateness = Lateness()
        self.lateness.start()
        stack.callback(self.lateness.stop)
        for watched in self.watched:
            watched.start(stack)

    def through(self, fault: Fault, seconds: float) -> Window:
        """Have this fault for so long, wait until all is well again, and judge what was seen."""
        time.sleep(1)
        starting = time.monotonic()
        fault.begin()
        began = time.monotonic()
        time.sleep(seconds if fault.lasts else 0)
        ending = time.monotonic()
        fault.end()
        ended = time.monotonic()
        window = Window(fault, starting, began, ending, ended, self.lateness, self.extra)
        time.sleep(RECOVERED + self.extra + 0.5)
        for watched in self.watched:
            judge_recovery(window, watched, self.records[watched.kind])
            judge_heartbeats(window, watched)
            judge_liveness(window, watched)
            judge_records(window, watched, self.records[watched.kind])
        return window


def main() -> int:
    chosen = options()
    obstacle = enter_namespace()
    kinds = chosen.server or list(ARGUMENTS)
    print(f"seed {chosen.seed}, {chosen.minutes:g} minutes of {', '.join(kinds)}", flush=True)
    if obstacle:
        print(f"left out: dropped packets ({obstacle})", flush=True)
    report = Report()
    try:
        with ExitStack() as stack:
            run = Run(stack, kinds, chosen.busy)
            every = [
                fault
                for fault in faults(run.stage, can_drop=not obstacle)
                if any(text in fault.name for text in chosen.only or [""])
            ]
            if not every:
                sys.exit(f"no fault has {' or '.join(chosen.only)} in its name")
            chance = random.Random(chosen.seed)
            deck: list[Fault] = []
            started = time.monotonic()
            for _ in range(chosen.faults):
                if time.monotonic() > started + 60 * chosen.minutes:
                    break
                deck = deck or chance.sample(every, len(every))
                report.add(run.through(deck.pop(), chance.uniform(*LASTS)), started)
    except Missing as missing:
        sys.exit(str(missing))
    finally:
        report.print()
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
