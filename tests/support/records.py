"""What may be in a log record, for hypothesis, and a parser that lets nothing doubtful pass."""

import json
import os
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

THOROUGH = settings(
    max_examples=10_000 if os.environ.get("HYPOTHESIS_PROFILE") == "ci" else 200, deadline=None
)


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError


class ItselfInside(list):
    def __init__(self) -> None:
        super().__init__([self, {"self": self}])


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
    """What a line of JSON says, if it is one line, UTF-8, and says nothing doubtful or null."""
    assert line.splitlines() == [line]
    line.encode()
    parsed = json.loads(line, parse_constant=_refused, object_pairs_hook=_object)
    assert not _has_null(parsed)
    return parsed


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
