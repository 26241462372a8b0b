"""The nearest name to one that does not exist, in any case of letters."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches


def nearest(name: str, candidates: Iterable[str], likeness: float = 0.6) -> str | None:
    """The candidate that ``name`` most probably is a misspelling of, or None.

    :param likeness: the least that counts as near, from 0 to 1
    """
    by_key = {candidate.casefold(): candidate for candidate in candidates}
    matches = get_close_matches(name.casefold(), by_key, n=1, cutoff=likeness)
    return by_key[matches[0]] if matches else None


def suggestion(name: str, known: Collection[str]) -> str:
    """The nearest of the names that are known; if none is near, all of them, up to ten."""
    match = nearest(name, known)
    if match or not 0 < len(known) <= 10:
        return did_you_mean(match)
    return f"; known: {', '.join(known)}"


def did_you_mean(match: str | None) -> str:
    """``"; did you mean X?"`` where there is a match, else an empty string."""
    return f"; did you mean {match}?" if match else ""


def nearest_by_words(name: str, known: Collection[str], prefix: str) -> str | None:
    """The known name that ``name`` was probably meant for, or None.

    The prefix, which they share, does not count. First comes the shortest name that has all words
    of ``name``, then one whose last words look like it, then one whose words are all in it.
    """
    prefix = prefix.casefold()
    wanted = name.casefold().removeprefix(prefix)
    by_rest = {candidate.casefold().removeprefix(prefix): candidate for candidate in known}
    words = {rest: rest.split("_") for rest in by_rest}
    own = set(wanted.split("_"))
    if longer := [rest for rest in by_rest if own <= set(words[rest])]:
        return by_rest[min(longer, key=lambda rest: (len(words[rest]), rest))]
    ends = {"_".join(words[rest][i:]): rest for rest in by_rest for i in range(len(words[rest]))}
    ends |= {rest: rest for rest in by_rest}
    shorter = [rest for rest in by_rest if own >= set(words[rest])]
    for candidates, likeness in ((ends, 0.75), (shorter, 0.0)):
        if match := get_close_matches(wanted, candidates, n=1, cutoff=likeness):
            return by_rest[ends[match[0]]]
    return None
