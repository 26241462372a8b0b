"""What can be read from an answer: JSON, a page, the one that any path gets."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from dockerflow.cli.printing import printable
from dockerflow.cli.probe import Answer

NO_JSON = object()


class CatchAll(NamedTuple):
    """The answer for a path that no application has; one of 200 is that for every path."""

    path: str
    answer: Answer | str

    def flaw(self, path: str, answer: Answer) -> str | None:
        """Return what is wrong with the answer for ``path`` if it is the one for any path.

        It may contain the path. JSON is compared by its keys: the values may be of the moment.
        """
        if isinstance(self.answer, str) or (self.answer.status, answer.status) != (200, 200):
            return None
        if answer.headers.get_content_type() != self.answer.headers.get_content_type():
            return None
        found, expected = parse_json(answer), parse_json(self.answer)
        objects = isinstance(found, dict) and isinstance(expected, dict)
        without_path = answer.body.replace(path.encode(), b"")
        if (objects and found.keys() == expected.keys()) or (
            without_path == self.answer.body.replace(self.path.encode(), b"")
        ):
            return f"{answer}, as for a path that doesn't exist"
        return None


def is_page(answer: Answer) -> bool:
    """Return whether the body is a document in HTML or XML."""
    return answer.body.lstrip()[:1] == b"<"


def parse_json(answer: Answer) -> Any:
    """Return what the body is in JSON, or NO_JSON."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return NO_JSON


def timed(answer: Answer) -> str:
    """Return the status line and how long the answer took."""
    return f"{answer} in {answer.seconds * 1000:.0f} ms"


def excerpt(answer: Answer) -> str:
    """Return the beginning of the body, in quotes."""
    return repr(printable(answer.body[:200].decode(errors="replace"), 60))
