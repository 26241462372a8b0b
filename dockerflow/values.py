"""What a setting's value may look like: the kinds of values, from text or Python to a typed value.

A kind parses and never reads: where a value comes from is the business of ``dockerflow.conf``.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.machinery import PathFinder
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


def _text(value: Any) -> str:
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


def _number(value: Any, convert: Callable[[Any], T]) -> T:
    if isinstance(value, bool):
        raise ValueError("is a boolean")
    try:
        return convert(_text(value) if isinstance(value, str) else value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("is not a number") from None


def seconds(*, zero: bool) -> Kind[float]:
    """Finite seconds above 0, with ``zero`` also 0 itself."""

    def parse(value: Any) -> float:
        number = _number(value, float)
        if not math.isfinite(number) or number < 0 or (number == 0 and not zero):
            raise ValueError("is out of range")
        return number

    return Kind(f"a number of seconds, {'0 or more' if zero else 'above 0'}", parse)


def integer(low: int, high: int) -> Kind[int]:
    def parse(value: Any) -> int:
        number = _number(value, float)
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
        text = _text(value)
        try:
            return by_key[text.casefold()]
        except KeyError:
            raise ValueError("is not one of them" + did_you_mean(text, options)) from None

    return Kind(f"{', '.join(options[:-1])} or {options[-1]}", parse)


def _path(value: Any) -> Path:
    text = os.fspath(value) if isinstance(value, os.PathLike) else _text(value)
    if "\0" in text:
        raise ValueError("holds a NUL character")
    return Path(text)


path = Kind("a path", _path)


def _header_name(value: Any) -> str:
    text = _text(value)
    # https://www.rfc-editor.org/rfc/rfc9110#name-tokens
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", text):
        raise ValueError("is not a header name")
    return text


header_name = Kind("the name of an HTTP header", _header_name)


def _secret(value: Any) -> str:
    text = _text(value)
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
            except ValueError as error:
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


def _dotted_path(value: Any) -> str:
    text = _text(value)
    if not re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)+", text):
        raise ValueError("is not a dotted path")
    return text


def _check_dotted_path(dotted: str) -> Iterator[str]:
    module_name, _, attribute = dotted.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:  # a module may raise anything while it is imported
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing and f"{module_name}.".startswith(f"{missing}."):
            nearest_module = _nearest_module(module_name)
            hint = f"; did you mean {nearest_module}?" if nearest_module else ""
            yield f"does not exist: there is no module {missing}{hint}"
        else:
            yield f"cannot be imported: {type(error).__name__}: {error}"
        return
    if not hasattr(module, attribute):
        functions = [name for name, value in vars(module).items() if callable(value)]
        hint = did_you_mean(attribute, functions)
        yield f"does not exist: {module_name} has no {attribute}{hint}"
    elif not callable(getattr(module, attribute)):
        yield "is not callable"


def _nearest_module(module_name: str) -> str | None:
    """The existing module of the nearest name, found without importing it.

    What a misspelt name happens to resemble may be a script that does something when imported.
    """
    found: list[str] = []
    search: Sequence[str] | None = None
    for part in module_name.split("."):
        match = nearest(part, [info.name for info in pkgutil.iter_modules(search)])
        spec = PathFinder.find_spec(match, search) if match else None
        if match is None or spec is None:
            return None
        found.append(match)
        search = spec.submodule_search_locations or []
    return ".".join(found)


dotted_path = Kind("the dotted path of a function", _dotted_path, _check_dotted_path)


def _dotted_paths(value: Any) -> list[str]:
    return list(dict.fromkeys(_each(_dotted_path, _list(value))))


def _each(parse: Callable[[str], str], items: list[str]) -> Iterator[str]:
    for item in items:
        try:
            yield parse(item)
        except ValueError as error:
            raise ValueError(f"holds {item!r}, which {error}") from None


def _check_dotted_paths(paths: list[str]) -> Iterator[str]:
    for item in paths:
        for problem in _check_dotted_path(item):
            yield f"holds {item!r}, which {problem}"


dotted_paths = Kind(
    "a list of dotted paths of functions, comma-separated or as a JSON array",
    _dotted_paths,
    _check_dotted_paths,
)
