"""Any object as plain data, and plain data as one line of JSON.

A log record may hold anything, and a line that a log collector cannot parse is lost. So values are
first made plain: strings, booleans, numbers, lists and objects; never null (the mozlog schema has
none) and never NaN (JSON has none). orjson encodes plain data, else msgspec, else :mod:`json`; the
bytes are the same whichever is installed.
"""

from __future__ import annotations

import functools
import json
import math
import re
import sys
from collections.abc import Callable, Container
from contextlib import suppress
from typing import Any, TypeAlias

Jsonable: TypeAlias = "str | int | float | list[Jsonable] | dict[str, Jsonable]"

# Values of exactly these types are plain already, so that jsonable() need not be called.
PLAIN_TYPES = frozenset({str, int, bool})

# orjson refuses more than 254 levels.
_MAX_DEPTH = 32

_CONTAINERS: tuple[Any, ...] = (list, tuple, set, frozenset)

_NOT_ASCII = r"[^\x00-\x7f]"

# The line breaks of str.splitlines() that JSON does not escape, and lone surrogates.
_UNSAFE = "[\x85\u2028\u2029\ud800-\udfff]"


class _RareFloat(float):
    """A float that the encoders spell differently: orjson and msgspec refuse it, json does not."""


def jsonable(value: object) -> Jsonable:
    """Return `value` as plain data, whatever it is; never raises an :exc:`Exception`.

    Strings, booleans and numbers do not change. Dicts and lists are copied; tuples and sets become
    lists. An entry of a dict whose value is ``None`` is left out. Any other ``None``, NaN and
    infinity become text. Dates and times become ISO 8601; bytes are decoded as UTF-8; Decimal,
    UUID, paths, timedelta and lazy translations become their ``str``; a request becomes its class,
    its method and its path without the query string. Every other object becomes its ``repr``, and
    so does a container that contains itself or is nested in 32 others.
    """
    return _plain(value, ())


def jsonable_object(items: dict[Any, Any]) -> dict[str, Jsonable]:
    """Return a dict as :func:`jsonable` does."""
    return _object([*dict.items(items)], (id(items),))


def as_text(value: object) -> str:
    """Return text as it is, an empty one for None, and :func:`text` of everything else."""
    if value is None:
        return ""
    return str.__str__(value) if issubclass(type(value), str) else text(value)


def text(value: object) -> str:
    """Return the text for a `value` that JSON has no type for; never raises an Exception."""
    kind = type(value)
    try:
        for types, to_text in _conversions():
            if issubclass(kind, types):
                return to_text(value)
        if _is_lazy_text(kind):
            return str(value)
        return _request(value) or repr(value)
    except Exception as error:
        return f"<{kind.__name__} that can't be shown: {type(error).__name__}>"


@functools.cache
def _conversions() -> tuple[tuple[tuple[type, ...], Callable[[Any], str]], ...]:
    # Imported here: a process that logs none of these need not load the modules.
    from datetime import date, time, timedelta  # noqa: PLC0415
    from decimal import Decimal  # noqa: PLC0415
    from pathlib import PurePath  # noqa: PLC0415
    from uuid import UUID  # noqa: PLC0415

    return (
        ((date, time), lambda moment: moment.isoformat()),
        ((bytes, bytearray, memoryview), _decoded),
        ((Decimal, UUID, PurePath, timedelta), str),
    )


def _decoded(value: bytes | bytearray | memoryview) -> str:
    return bytes(value).decode("utf-8", "backslashreplace")


def _is_lazy_text(kind: type) -> bool:
    """Whether objects of this type are what ``gettext_lazy`` and other lazy functions return."""
    functional = sys.modules.get("django.utils.functional")
    return functional is not None and issubclass(kind, functional.Promise)


def _request(value: Any) -> str | None:
    """A request of Django, or of its REST framework around one, without the query string."""
    with suppress(Exception):  # it is something else, maybe with an address of its own
        request = value if hasattr(type(value), "get_full_path") else vars(value)["_request"]
        if hasattr(type(request), "get_full_path") and hasattr(value, "get_full_path"):
            return f"<{type(value).__name__}: {request.method} {request.path!r}>"
    return None


def one_line(plain: Jsonable) -> str:
    """Return `plain` data as JSON: one line, strictly valid, compact, not escaped to ASCII.

    A lone surrogate, which UTF-8 cannot express, becomes its escape as text.
    """
    try:
        line = fastest_encoder()(plain).decode()
    except Exception:  # numbers beyond 64 bits, rare floats, lone surrogates
        line = _to_json(jsonable(plain))
    return line if line.isascii() else escape_unsafe(line)


def escape_unsafe(line: str) -> str:
    """Escape what JSON allows inside a string, and a reader of lines or of UTF-8 does not."""
    return line if line.isprintable() else re.sub(_UNSAFE, _escape, line)


def escape_non_ascii(line: str) -> str:
    """Return a line of JSON with escapes (``\\u00e9``) in place of all that is not ASCII."""
    return re.sub(_NOT_ASCII, lambda match: json.dumps(match[0])[1:-1], line)


def free_name(name: object, taken: Container[object]) -> Any:
    """Return `name`, with as many underscores behind it as make it one that is not `taken`."""
    while name in taken:
        name = f"{name}_"
    return name


def _plain(value: Any, inside: tuple[int, ...]) -> Jsonable:
    # Never isinstance(): it asks a lazy object for its class, which may well query a database.
    kind = type(value)
    if kind is str or kind is bool:
        plain: str | bool = value
        return plain
    if issubclass(kind, str):
        return str.__str__(value)
    if issubclass(kind, int):
        return _int(int.__int__(value))
    if issubclass(kind, float):
        return _float(float.__float__(value))
    if value is None:
        return "None"
    if len(inside) < _MAX_DEPTH and id(value) not in inside:
        # What is stored, in one go: a subclass may show less of it (Django's MultiValueDict shows
        # the last of several values), and another thread may be changing it.
        if issubclass(kind, dict):
            return _object([*dict.items(value)], (*inside, id(value)))
        for container in _CONTAINERS:
            if issubclass(kind, container):
                return _list([*container.__iter__(value)], (*inside, id(value)))
    return text(value)


def _object(items: list[tuple[object, object]], inside: tuple[int, ...]) -> dict[str, Jsonable]:
    plain: dict[str, Jsonable] = {}
    for key, item in items:
        if item is not None:
            name = key if type(key) is str else _name(key)
            if name in plain:
                name = free_name(name, plain)
            plain[name] = item if type(item) is str else _plain(item, inside)
    return plain


def _list(items: list[object], inside: tuple[int, ...]) -> list[Jsonable]:
    return [_plain(item, inside) for item in items]


def _name(key: object) -> str:
    plain = _plain(key, ())
    return text(key) if isinstance(plain, (list, dict)) else str(plain)


def _int(number: int) -> int | str:
    try:
        if number.bit_length() > 64:
            str(number)
    except ValueError:  # more digits than sys.get_int_max_str_digits() allows
        return hex(number)
    return number


def _float(number: float) -> float | str:
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    # Within these bounds no encoder uses an exponent.
    return number if number == 0 or 1e-4 <= abs(number) < 1e16 else _RareFloat(number)


def _escape(match: re.Match[str]) -> str:
    code = f"\\u{ord(match[0]):04x}"
    return code if code < "\\ud800" else "\\" + code


_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@functools.cache
def fastest_encoder() -> Callable[[Jsonable], bytes]:
    """Return what encodes plain data, from the fastest library that is installed."""
    try:
        import orjson  # noqa: PLC0415 - optional
    except ImportError:
        pass
    else:
        return orjson.dumps
    try:
        import msgspec  # noqa: PLC0415 - optional
    except ImportError:
        return lambda plain: _to_json(plain).encode()
    return msgspec.json.Encoder().encode
