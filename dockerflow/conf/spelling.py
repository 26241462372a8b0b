"""The nearest name to one that does not exist."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that ``name`` most probably is a misspelling of, or None."""
    return next(iter(get_close_matches(name, list(candidates), n=1)), None)


def did_you_mean(match: str | None) -> str:
    """``"; did you mean X?"`` where there is a match, else an empty string."""
    return f"; did you mean {match}?" if match else ""


def nearest_setting(name: str, known: Collection[str], prefix: str) -> str | None:
    """The setting that ``name`` was probably meant for, or None.

    The prefix, which all share, does not count. First comes the setting that has all words of the
    name, then one whose last words look like it, then one whose words the name has.
    """
    wanted = name.upper().removeprefix(prefix)
    by_rest = {setting.removeprefix(prefix): setting for setting in known}
    words = {rest: rest.split("_") for rest in by_rest}
    own = set(wanted.split("_"))
    longer = [rest for rest in by_rest if own <= set(words[rest])]
    ends = {"_".join(words[rest][i:]): rest for rest in by_rest for i in range(len(words[rest]))}
    ends |= {rest: rest for rest in by_rest}
    shorter = [rest for rest in by_rest if own >= set(words[rest])]
    for candidates, likeness in ((longer, 0.0), (ends, 0.75), (shorter, 0.0)):
        if match := get_close_matches(wanted, candidates, n=1, cutoff=likeness):
            return by_rest[ends[match[0]]]
    return None
