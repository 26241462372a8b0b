"""What a setting's value may look like: the kinds of values, from text or Python to a typed value.

A kind parses and never reads: ``sources`` says where a value comes from.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from dockerflow.conf.spelling import did_you_mean, nearest, suggestion
from dockerflow.secret import EXPECTED, stripped
from dockerflow.secret import parse as parse_secret

PREFIX = "DOCKERFLOW_"

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Kind(Generic[T_co]):
    """One kind of value.

    :param expected: a phrase that ends the sentence "Expected ..."; also the type in the reference
    :param parse: takes text or a Python value and returns the typed value; raises ValueError with a
        clause about the value, such as "is not a number"
    :param check: takes the typed value (or None, the default of some settings) and yields a clause
        for each problem that the value alone does not show; imports dotted paths, for instance
    """

    def __init__(
        self,
        expected: str,
        parse: Callable[[Any], T_co],
        check: Callable[[Any], Iterable[str]] = lambda _: (),
    ) -> None:
        self.expected = expected
        self.parse = parse
        self.check = check


def _boolean(value: Any) -> bool:
    from decouple import strtobool  # noqa: PLC0415 (see sources)

    try:
        return bool(strtobool(str(value).strip()))
    except ValueError:
        raise ValueError("is neither true nor false") from None


boolean = Kind("true, yes, on, t, y, 1 or false, no, off, f, n, 0", _boolean)


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise ValueError("is a boolean")
    if isinstance(value, str) and ("_" in value or not value.isascii()):  # as Python writes 1_000
        raise ValueError("is not a number")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("is not a number") from None


def seconds(*, zero: bool) -> Kind[float]:
    """Finite seconds above 0; with ``zero``, also 0 itself."""

    def parse(value: Any) -> float:
        number = _number(value)
        if not math.isfinite(number) or number < 0 or (number == 0 and not zero):
            raise ValueError("is out of range")
        return number

    return Kind(f"a number of seconds, {'0 or more' if zero else 'above 0'}", parse)


def integer(low: int, high: int) -> Kind[int]:
    """A whole number from ``low`` to ``high``, both included."""

    def parse(value: Any) -> int:
        number = _number(value)
        if not number.is_integer():
            raise ValueError("is not a whole number")
        if not low <= number <= high:
            raise ValueError("is out of range")
        return int(number)

    return Kind(f"a whole number from {low} to {high}", parse)


def choice(*options: str) -> Kind[str]:
    """One of ``options``, in any case of letters."""
    by_key = {option.casefold(): option for option in options}
    expected = f"{', '.join(options[:-1])} or {options[-1]}"

    def parse(value: Any) -> str:
        text = stripped(value)
        try:
            return by_key[text.casefold()]
        except KeyError:
            raise ValueError(f"is not {expected}{did_you_mean(nearest(text, options))}") from None

    return Kind(expected, parse)


def _path(value: Any) -> Path:
    try:
        path = Path(value if isinstance(value, os.PathLike) else stripped(value))
    except TypeError:  # of an object that is a path of bytes, or only pretends to be one
        raise ValueError(f"is of type {type(value).__name__}") from None
    if "\0" in str(path):
        raise ValueError("holds a NUL character")
    return path


path = Kind("a path", _path)


def _absolute_path(value: Any) -> Path:
    parsed = _path(value)
    if not parsed.is_absolute():
        raise ValueError("is not absolute")
    return parsed


def _refuse_directory(path: Path | None) -> Iterator[str]:
    # Path.is_dir() raises where a directory may not be searched.
    if path is not None and os.path.isdir(path):  # noqa: PTH112
        yield "is a directory"


file = Kind("the absolute path of a file", _absolute_path, _refuse_directory)


def _header_name(value: Any) -> str:
    text = stripped(value)
    if text.upper().startswith("HTTP_"):
        words = [word if word == "ID" else word.title() for word in text.upper().split("_")[1:]]
        raise ValueError(f"is a key of request.META; write {'-'.join(words)}")
    # https://www.rfc-editor.org/rfc/rfc9110#name-tokens
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", text):
        raise ValueError("is not a header name")
    return text


header_name = Kind("the name of an HTTP header", _header_name)


secret = Kind(EXPECTED, parse_secret)


def _list(value: Any) -> list[str]:
    if isinstance(value, str):
        text = value.strip()
        if text.startswith("["):
            try:
                value = json.loads(text)
            except (ValueError, RecursionError) as error:
                raise ValueError(f"is not a JSON array ({error})") from None
        else:
            value = [item.strip() for item in text.split(",") if item.strip()]
            if not value:
                raise ValueError("names nothing (write [] for an empty list)")
    if isinstance(value, (set, frozenset)):
        value = sorted(value, key=str)  # the same order in every process
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"is of type {type(value).__name__}")
    for item in value:
        if not isinstance(item, str) or not item.strip():
            raise ValueError(f"holds {item!r}, which is not a name")
    return [item.strip() for item in value]


names = Kind("a list of names, comma-separated or as a JSON array", _list)


def database_aliases(
    known: Callable[[], Collection[str] | None], needed_by: Callable[[], list[str]]
) -> Kind[list[str] | None]:
    """A list of keys of ``DATABASES``.

    :param known: returns the keys, or None where there are no Django settings to know them from
    :param needed_by: returns the entries of the lists of checks that look at these databases
    """

    def check(aliases: list[str] | None) -> Iterator[str]:
        existing = known()
        if aliases is None or existing is None:
            return
        if existing and not aliases and (entries := needed_by()):
            yield f"names no database for {' and '.join(entries)}"
        for alias in aliases:
            if alias not in existing:
                hint = suggestion(alias, existing)
                yield about_item(alias, aliases, f"is not in DATABASES{hint}")

    return Kind("a list of database aliases", names.parse, check)


def choices(packages: Mapping[str, tuple[str, str]]) -> Kind[list[str]]:
    """A list of some of the keys of ``packages``, each with its module and its package."""
    expected = " and ".join(packages)

    def parse(value: Any) -> list[str]:
        chosen = list(dict.fromkeys(name.casefold() for name in names.parse(value)))
        for name in [name for name in chosen if name not in packages]:
            clause = f"is not {' or '.join(packages)}{did_you_mean(nearest(name, packages))}"
            raise ValueError(about_item(name, chosen, clause))
        return chosen

    def check(chosen: list[str]) -> Iterator[str]:
        for name in [n for n in chosen if importlib.util.find_spec(packages[n][0]) is None]:
            yield about_item(name, chosen, f"needs: python -m pip install {packages[name][1]}")

    return Kind(f"a list of {expected}, comma-separated or as a JSON array", parse, check)


def about_item(item: str, items: Collection[str], clause: str) -> str:
    """The clause about one item of a list; it names the item only if the list has others."""
    return clause if len(items) == 1 else f"holds {item!r}, which {clause}"
