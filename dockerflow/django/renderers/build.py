"""The build as it is shown: the keys of the version object, with links."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

# By the kind of host, the paths below a repository that show a commit and the tree of a tag.
_PATHS = {
    "github": ("/commit/{}", "/tree/{}"),
    "gitlab": ("/-/commit/{}", "/-/tree/{}"),
    "bitbucket": ("/commits/{}", "/src/{}"),
    "codeberg": ("/commit/{}", "/src/tag/{}"),
}


class Fact(NamedTuple):
    """One line about the build; ``url`` is empty where there is nothing to link to."""

    label: str
    text: str
    url: str = ""
    is_code: bool = False


def facts(version_object: Mapping[str, Any] | None) -> list[Fact]:
    """Return source, version, commit and build, as far as the version object has them."""
    if not version_object:
        return []
    texts = {key: str(version_object.get(key) or "") for key in _LABELS}
    source = web_address(texts["source"]).removesuffix(".git").rstrip("/")
    commit_path, tag_path = _paths(source)
    urls = {
        "source": source,
        "version": tag_path and source + tag_path.format(_quoted(texts["version"])),
        "commit": commit_path and source + commit_path.format(_quoted(texts["commit"])),
        "build": web_address(texts["build"]),
    }
    shown = {
        "source": repository(texts["source"]),
        "version": texts["version"],
        "commit": texts["commit"][:12],
        "build": _last_parts(texts["build"]),
    }
    return [
        Fact(label, shown[key], urls[key], is_code=key == "commit")
        for key, label in _LABELS.items()
        if shown[key]
    ]


_LABELS = {"version": "Version", "commit": "Commit", "build": "Build", "source": "Source"}


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="replace")  # JSON takes lone surrogates as well


def repository(source: str) -> str:
    """Return the part of a repository's address that people know it by: ``owner/name``.

    An empty string where the address is malformed.
    """
    try:
        path = urlsplit(source).path if "://" in source else source
    except ValueError:
        return ""
    return path.removesuffix(".git").strip("/")


def web_address(text: str) -> str:
    """Return the text if it is an http or https URL without credentials, else an empty string."""
    try:
        url = urlsplit(text)
    except ValueError:
        return ""
    is_web = url.scheme in {"http", "https"} and url.hostname and "@" not in url.netloc
    return text if is_web else ""


def _paths(source: str) -> tuple[str, str]:
    host = urlsplit(source).hostname or ""
    for name, paths in _PATHS.items():
        if re.search(rf"(^|[.-]){name}[.-]", host):
            return paths
    return "", ""


def _last_parts(url: str) -> str:
    """A build's address, shortened to its last two parts: ``builds/412``."""
    if not web_address(url):
        return ""
    path = urlsplit(url).path.strip("/")
    return "/".join(path.split("/")[-2:]) or url
