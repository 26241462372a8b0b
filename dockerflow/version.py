"""The version object: which build is this?

https://github.com/mozilla-services/Dockerflow/blob/main/docs/version_object.md
"""

from __future__ import annotations

import copy
import functools
import json
import math
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

KEYS = {
    "source": 'the URL of the repository, such as "https://github.com/mozilla-services/Dockerflow"',
    "version": 'the release, such as "1.4.0", or "" for a build that is no release',
    "commit": "the hash of the commit that was built, 7 to 64 hexadecimal digits",
    "build": "the URL of the CI job that built it",
}
"""The four keys that the specification requires, each with what belongs there."""


FILES = (Path("version.json"), Path("/app/version.json"))
"""Where the commands look for the version object: in their directory, then in a container."""


def get_version(root: str | os.PathLike[str]) -> dict[str, Any] | None:
    """Return the content of ``version.json`` in the directory ``root``, or None without that file.

    The file is parsed again only when it changed; the dict is the caller's own. Raises what
    :func:`read` raises.
    """
    path = Path(root, "version.json")
    try:
        stat = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return copy.deepcopy(_read_once(path, stat.st_mtime_ns, stat.st_size, stat.st_ino))


def read(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the JSON object in the file ``path``.

    Raises ValueError where it isn't one and OSError where the file can't be read; both texts name
    the path.
    """
    content = Path(path).read_bytes()
    try:
        # PowerShell's ``>`` starts a file with a byte order mark
        text = content.decode("utf-8-sig")
        parsed = json.loads(text, parse_constant=_finite, parse_float=_finite)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8: {error}") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise ValueError(f"{path} contains a {_type_name(parsed)}, expected an object")
    return parsed


def write(version_object: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write ``version_object`` to the file ``path``: whole, or not at all.

    Raises OSError, and ValueError where ``path`` exists and isn't a file: a rename would put a
    file in the place of ``/dev/stdout``.
    """
    target = Path(path).resolve()  # in a pipe, /dev/stdout leads to a path that does not exist
    if Path(path).exists() and not Path(path).is_file():
        raise ValueError(f"{path} is not a file")
    # not tempfile: its 0600 would hide the object from the user `app`
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        draft.write_text(dumps(version_object), encoding="utf-8")
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def dumps(version_object: Mapping[str, Any]) -> str:
    """Return ``version_object`` as the text of a ``version.json``."""
    return json.dumps(version_object, ensure_ascii=False, indent=2) + "\n"


def problems(version_object: Mapping[str, Any]) -> list[str]:
    """Return what the specification finds wrong with ``version_object``, a sentence each.

    Keys beyond the four are the project's own business. A sentence never repeats credentials.
    """
    return [sentence for key in KEYS if (sentence := problem(version_object, key))]


def problem(version_object: Mapping[str, Any], key: str) -> str | None:
    """Return what is wrong with one of the four keys, or None."""
    if key not in version_object:
        return f"{key} is missing. Expected {KEYS[key]}."
    if flaw := _flaw(key, version_object[key]):
        return f"{key} {flaw}. Expected {KEYS[key]}."
    return None


def _flaw(key: str, value: object) -> str | None:
    if not isinstance(value, str):
        return f"is a {_type_name(value)}, not a string"
    if re.search("[\ud800-\udfff]", value):
        return "has characters that are no Unicode text"
    if key in {"source", "build"}:
        return _url_flaw(value)
    if key == "commit" and not re.fullmatch("[0-9a-fA-F]{7,64}", value):
        return f"is {json.dumps(value, ensure_ascii=False)}"
    return None


def _url_flaw(value: str) -> str | None:
    try:
        url = urlsplit(value)
        has_host = bool(url.hostname) and url.port != 0
    except ValueError:
        return "is not a URL"
    if url.scheme in {"http", "https"} and "@" in url.netloc:
        return "contains a user name or password"
    if url.scheme not in {"http", "https"} or not has_host or re.search(r"\s", value):
        # whatever stands before an @ may be a password
        shown = re.sub(r"((?:^[a-z+.-]+://)?).*@", r"\1…@", value, flags=re.DOTALL | re.IGNORECASE)
        return f"is {json.dumps(shown, ensure_ascii=False)}, not an http or https URL"
    return None


@functools.lru_cache(maxsize=8)
def _read_once(path: Path, *_identity: int) -> dict[str, Any]:
    return read(path)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):  # which no JSON can express: NaN, 1e999
        raise ValueError(f"{text} is not a JSON number")
    return number


def _type_name(value: object) -> str:
    names = {
        dict: "JSON object",
        list: "JSON array",
        str: "JSON string",
        int: "JSON number",
        float: "JSON number",
        bool: "JSON boolean",
        type(None): "JSON null",
    }
    return names.get(type(value), type(value).__name__)
