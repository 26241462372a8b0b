"""The options of a call of a shell: ``bash -euo pipefail -c SCRIPT``."""

from __future__ import annotations

SHELLS = {"sh", "bash", "ash", "dash", "ksh", "mksh", "zsh"}
WITH_VALUE = {"--rcfile", "--init-file"}


def parse(words: list[str]) -> tuple[bool, list[str]]:
    """Return whether ``words``, of which the first is a shell, run a script from their own text.

    And what follows the options: that script and its arguments, else the path of a script and its
    arguments.
    """
    is_text = False
    rest = words[1:]
    while rest and rest[0][:1] in {"-", "+"} and rest[0] not in {"-", "--"}:
        option = rest.pop(0)
        if option.startswith("--"):
            rest = rest[option in WITH_VALUE :]
            continue
        is_text |= option[0] == "-" and "c" in option
        # -o and -O take a value each, in the words after
        rest = rest[option[1:].count("o") + option[1:].count("O") :]
    return is_text, rest[bool(rest and rest[0] in {"-", "--"}) :]
