"""What a setting's value may look like: the kinds of values, from text or Python to a typed value.

A kind parses and never reads: where a value comes from is the business of ``dockerflow.conf``.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Generic, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


def _nothing_more(_: Any) -> Iterator[str]:
    return iter(())


@dataclass(frozen=True)
class Kind(Generic[T_co]):
    """One kind of value.

    ``expected`` is a phrase for people: it ends the sentence "expected ..." and is the type in the
    settings reference. ``parse`` takes text or a Python value, returns the typed value and raises
    ValueError with a clause about the value ("is not a number"). ``check`` looks further than the
    text, for instance imports a dotted path, and yields one clause a problem.
    """

    expected: str
    parse: Callable[[Any], T_co]
    check: Callable[[Any], Iterator[str]] = _nothing_more


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that ``name`` most probably is a misspelling of."""
    return next(iter(get_close_matches(name, list(candidates), n=1)), None)


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """``"; did you mean X?"``, or nothing where no candidate is near."""
    match = nearest(name, candidates)
    return f"; did you mean {match}?" if match else ""


def stripped(value: Any) -> str:
    """Text that is not blank, without the blanks around it.

    :raises ValueError: with a clause about the value
    """
    if not isinstance(value, str):
        raise ValueError(f"is of type {type(value).__name__}")
    if not value.strip():
        raise ValueError("is blank")
    return value.strip()


def boolean(table: Callable[[str], bool | int]) -> Kind[bool]:
    """What ``table`` knows as true or false; it raises ValueError for everything else."""

    def parse(value: Any) -> bool:
        try:
            return bool(table(str(value).strip()))
        except ValueError:
            raise ValueError("is neither true nor false") from None

    return Kind("true, yes, on, t, y, 1 or false, no, off, f, n, 0", parse)


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise ValueError("is a boolean")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("is not a number") from None


def seconds(*, zero: bool) -> Kind[float]:
    """Finite seconds above 0, with ``zero`` also 0 itself."""

    def parse(value: Any) -> float:
        number = _number(value)
        if not math.isfinite(number) or number < 0 or (number == 0 and not zero):
            raise ValueError("is out of range")
        return number

    return Kind(f"a number of seconds, {'0 or more' if zero else 'above 0'}", parse)


def integer(low: int, high: int) -> Kind[int]:
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

    def parse(value: Any) -> str:
        text = stripped(value)
        try:
            return by_key[text.casefold()]
        except KeyError:
            raise ValueError("is not one of them" + did_you_mean(text, options)) from None

    return Kind(f"{', '.join(options[:-1])} or {options[-1]}", parse)


def _path(value: Any) -> Path:
    text = os.fspath(value) if isinstance(value, os.PathLike) else stripped(value)
    if "\0" in text:
        raise ValueError("holds a NUL character")
    return Path(text)


path = Kind("a path", _path)


def _header_name(value: Any) -> str:
    text = stripped(value)
    # https://www.rfc-editor.org/rfc/rfc9110#name-tokens
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", text):
        raise ValueError("is not a header name")
    return text


header_name = Kind("the name of an HTTP header", _header_name)


def _secret(value: Any) -> str:
    text = stripped(value)
    # https://www.rfc-editor.org/rfc/rfc6750#section-2.1
    if not re.fullmatch(r"[\x21-\x7e]+", text):
        raise ValueError("holds blanks or characters that no Authorization header can carry")
    return text


secret = Kind("a secret of printable ASCII characters without blanks", _secret)


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
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"is of type {type(value).__name__}")
    for item in value:
        if not isinstance(item, str) or not item.strip():
            raise ValueError(f"holds {item!r}, which is no name")
    return [item.strip() for item in value]


names = Kind("a list of names, comma-separated or as a JSON array", _list)
