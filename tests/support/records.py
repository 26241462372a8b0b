"""A log to look into, what may be in its records, and a parser that lets nothing doubtful pass."""

import io
import json
import logging
import os
from collections.abc import Callable
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from dockerflow.logging import MozlogFormatter, MozlogHandler
from dockerflow.logging.jsonable import one_line

THOROUGH = settings(
    max_examples=2_000 if os.environ.get("HYPOTHESIS_PROFILE") == "ci" else 200, deadline=None
)


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError


class Unwilling(Unprintable):
    """Raises whatever it is asked."""

    __hash__ = None

    def __bool__(self) -> bool:
        raise RuntimeError

    def __eq__(self, other: object) -> bool:
        raise RuntimeError

    def __mul__(self, other: object) -> object:
        raise RuntimeError


class ItselfInside(list):
    def __init__(self) -> None:
        super().__init__([self, {"self": self}])


def logger(*handlers: logging.Handler) -> logging.Logger:
    """A logger that no other test knows."""
    logger = logging.Logger("app.views")  # noqa: LOG001
    for handler in handlers:
        logger.addHandler(handler)
    return logger


class Log:
    """A logger, and the lines that its handler writes."""

    def __init__(self, formatter: logging.Formatter | None = None) -> None:
        self.stream = io.StringIO()
        self.handler = MozlogHandler(self.stream)
        if formatter is not None:
            self.handler.setFormatter(formatter)
        self.logger = logger(self.handler)

    @property
    def lines(self) -> list[Any]:
        return [strictly_parsed(line) for line in self.stream.getvalue().split("\n")[:-1]]

    @property
    def fields(self) -> dict[str, Any]:
        [line] = self.lines
        return line["Fields"]


def caught(raising: Callable[[], object]) -> Exception:
    try:
        raising()
    except Exception as error:
        return error
    raise AssertionError("nothing raised")


texts = st.text(st.characters(exclude_categories=()))  # lone surrogates too
atoms = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers().map(lambda number: number**300),
    st.floats(),
    st.complex_numbers(),
    st.decimals(),
    st.fractions(),
    texts,
    st.binary(),
    st.uuids(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
    st.builds(Unprintable),
    st.builds(Unwilling),
    st.builds(ItselfInside),
    st.builds(object),
)
keys = st.one_of(
    texts,
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.tuples(st.integers(), texts),
    st.binary(),
)
values = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(keys, inner, max_size=4),
        st.frozensets(keys, max_size=4),
    ),
    max_leaves=10,
)


def strictly_parsed(line: str) -> Any:
    """A line of JSON, parsed; fails if it is not one line, not UTF-8, doubtful or has a null."""
    assert line.splitlines() == [line]
    line.encode()
    parsed = json.loads(line, parse_constant=_refused, object_pairs_hook=_object)
    assert not _has_null(parsed)
    return parsed


STANDARD = [*vars(logging.makeLogRecord({}))]


def both_ways(record):
    """The record as `format` does it, and as the general way does it, without the time."""
    formatter = MozlogFormatter()
    pair = [formatter.format(record), one_line(formatter.plain_record(record))]
    lines = [strictly_parsed(line) for line in pair]
    for line in lines:
        assert_envelope(line)
        del line["Timestamp"]
    return lines


def assert_envelope(line: dict[str, Any]) -> None:
    types = {name: type(value) for name, value in line.items()}
    assert types == {
        "Timestamp": int,
        "Type": str,
        "Logger": str,
        "Hostname": str,
        "EnvVersion": str,
        "Severity": int,
        "Pid": int,
        "Fields": dict,
    }
    assert line["EnvVersion"] == "2.0"
    assert line["Severity"] in range(8)
    assert line["Fields"]


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    assert len(members) == len(pairs), "a name twice"
    return members


def _has_null(parsed: Any) -> bool:
    if isinstance(parsed, dict):
        return any(map(_has_null, parsed.values()))
    return any(map(_has_null, parsed)) if isinstance(parsed, list) else parsed is None
