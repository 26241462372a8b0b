"""Log records per second: our formatter beside its peers, and beside the least it could take.

``python -m tests.benchmarks.logs [rounds]``, with Mozilla's package in the folder that the
environment variable MOZILLA_DOCKERFLOW names (``pip install --no-deps --target``).

The limit builds the dict of just these records by hand and encodes it with the same library; what
is above it is the price of taking any record. The formatters take turns, in another order every
round, at records of which none is formatted twice; the figures are medians over the rounds.
"""

import gc
import importlib.util
import json
import logging
import os
import random
import socket
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import orjson
import structlog
from pythonjsonlogger.json import JsonFormatter
from pythonjsonlogger.msgspec import MsgspecFormatter
from pythonjsonlogger.orjson import OrjsonFormatter

from tests.support.encoders import mozlogs

ROUNDS = 200
TURN = 100  # records
OURS, MOZILLA, LIMIT = "dockerflow", "dockerflow (Mozilla)", "limit"
EXTRA = {"code": 200, "method": "GET", "path": "/orders/7/", "t": 12, "uid": "4711"}
CASES = {"plain message": {}, "message + 5 extras": EXTRA}
HOSTNAME = socket.gethostname()
FIELDS = "{message}{levelname}{name}{process}"

Format = Callable[[logging.LogRecord], str]


class Candidate(NamedTuple):
    name: str
    library: str


def by_hand(encode: Callable[[Any], Any], decode: Callable[[Any], str]) -> dict[str, Format]:
    """For each case, what formats its records and no others."""

    def plain(record: Any) -> str:
        return decode(
            encode(
                {
                    "Timestamp": int(record.created * 1e9),
                    "Type": record.name,
                    "Logger": "Dockerflow",
                    "Hostname": HOSTNAME,
                    "EnvVersion": "2.0",
                    "Severity": 6,
                    "Pid": record.process,
                    "Fields": {"msg": record.getMessage()},
                }
            )
        )

    def with_extra(record: Any) -> str:
        return decode(
            encode(
                {
                    "Timestamp": int(record.created * 1e9),
                    "Type": record.name,
                    "Logger": "Dockerflow",
                    "Hostname": HOSTNAME,
                    "EnvVersion": "2.0",
                    "Severity": 6,
                    "Pid": record.process,
                    "Fields": {
                        "msg": record.getMessage(),
                        "code": record.code,
                        "method": record.method,
                        "path": record.path,
                        "t": record.t,
                        "uid": record.uid,
                    },
                }
            )
        )

    return dict(zip(CASES, (plain, with_extra), strict=True))


LIMITS = {
    "orjson": by_hand(orjson.dumps, bytes.decode),
    "msgspec": by_hand(msgspec.json.Encoder().encode, bytes.decode),
    "json": by_hand(json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode, str),
}


def mozilla() -> logging.Formatter:
    """Mozilla's formatter; its module is named like ours, so it is loaded from its file."""
    path = Path(os.environ["MOZILLA_DOCKERFLOW"], "dockerflow", "logging.py")
    specification = importlib.util.spec_from_file_location("mozilla", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module.MozlogFormatter()


def with_structlog(serializer: Callable[..., Any]) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.stdlib.ExtraAdder(),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(serializer=serializer),
        ],
    )


def candidates() -> dict[Candidate, Format]:
    formatters = {
        **{(OURS, library): mozlogs[library].MozlogFormatter() for library in LIMITS},
        (MOZILLA, "json"): mozilla(),
        ("python-json-logger", "orjson"): OrjsonFormatter(FIELDS, style="{"),
        ("python-json-logger", "msgspec"): MsgspecFormatter(FIELDS, style="{"),
        ("python-json-logger", "json"): JsonFormatter(FIELDS, style="{"),
        ("structlog", "orjson"): with_structlog(
            lambda event, default: orjson.dumps(event, default).decode()
        ),
        ("structlog", "json"): with_structlog(json.dumps),
    }
    return {Candidate(*key): formatter.format for key, formatter in formatters.items()}


def records(extra: dict[str, Any]) -> list[logging.LogRecord]:
    logger = logging.getLogger("shop.orders")
    return [
        logger.makeRecord(logger.name, 20, __file__, 1, "order placed", (), None, "place", extra)
        for _ in range(TURN)
    ]


def turn(format: Format, extra: dict[str, Any]) -> float:  # noqa: A002
    """Nanoseconds a record."""
    fresh = records(extra)
    gc.collect(0)
    started = time.perf_counter_ns()
    for record in fresh:
        format(record)
    return (time.perf_counter_ns() - started) / TURN


def measure(case: str, rounds: int) -> dict[Candidate, list[float]]:
    formats = candidates()
    formats |= {Candidate(LIMIT, library): LIMITS[library][case] for library in LIMITS}
    turns: dict[Candidate, list[float]] = {candidate: [] for candidate in formats}
    gc.disable()
    for _ in range(rounds):
        for candidate in random.sample(list(formats), len(formats)):
            turns[candidate].append(turn(formats[candidate], CASES[case]))
    gc.enable()
    return turns


def ratio(above: list[float], below: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def report(case: str, turns: dict[Candidate, list[float]]) -> None:
    print(f"\n{case:<32} records/s   Mozilla's = 1   time, limit = 1")
    for candidate, own in sorted(turns.items(), key=lambda item: statistics.median(item[1])):
        label = f"{candidate.name}, {candidate.library}"
        speed = ratio(turns[MOZILLA, "json"], own)
        price = ratio(own, turns[LIMIT, candidate.library])
        print(f"{label:<32} {1e9 / statistics.median(own):>9,.0f} {speed:>15.2f} {price:>17.2f}")


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    print(f"Python {sys.version.split()[0]}, {rounds} rounds of {TURN} records")
    for case in CASES:
        report(case, measure(case, rounds))


if __name__ == "__main__":
    main()
