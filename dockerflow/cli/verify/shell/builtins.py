"""The commands that a shell has itself: cd, set, eval, exit and the like."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dockerflow.cli.verify.accounts import UNKNOWN
from dockerflow.cli.verify.shell.syntax import Exit, Result, Status, positional

if TYPE_CHECKING:
    from dockerflow.cli.verify.shell.script import Script


def eval_(script: Script, words: list[str], stdin: str) -> Result:
    """Follow the words as a script of this shell."""
    return script.run(" ".join(words[1:]), stdin)


def source(script: Script, words: list[str], stdin: str) -> Result:
    """Follow a script that the build has written."""
    path = script.path(words[1]) if len(words) > 1 else ""
    if path in script.image.files:
        return script.run(script.image.read(path), stdin)
    return script.unread(words)


def command(script: Script, words: list[str], stdin: str) -> Result:
    """Follow command, with or without -v."""
    if words[1:2] and words[1] in {"-v", "-V"}:
        return Status.UNKNOWN, UNKNOWN
    rest = words[1 + (words[1:2] == ["-p"]) :]
    return script.call(rest, stdin) if rest else (Status.YES, "")


def set_(script: Script, words: list[str], stdin: str) -> Result:
    """Follow set, which may set the positional parameters."""
    if "--" in words:
        script.set_arguments(words[words.index("--") + 1 :])
    return Status.YES, ""


def shift(script: Script, words: list[str], stdin: str) -> Result:
    """Drop the first positional parameters."""
    count = int(words[1]) if words[1:] and re.fullmatch("[0-9]{1,6}", words[1]) else 1
    script.set_arguments(positional(script.variables)[count:])
    return Status.YES, ""


def cd(script: Script, words: list[str], stdin: str) -> Result:
    script.directory = script.path(words[-1]) if len(words) > 1 else "/root"
    return Status.LIKELY, ""


def read(script: Script, words: list[str], stdin: str) -> Result:
    """Follow read, whose variables nobody knows."""
    for name in words[1:]:
        script.variables[name] = UNKNOWN
    return Status.UNKNOWN, ""


def unset(script: Script, words: list[str], stdin: str) -> Result:
    """Forget variables."""
    for name in words[1:]:
        script.variables.pop(name, None)
    return Status.YES, ""


def exit_(script: Script, words: list[str], stdin: str) -> Result:
    """End the script or the function."""
    raise Exit


def true(script: Script, words: list[str], stdin: str) -> Result:
    return Status.YES, ""


def false(script: Script, words: list[str], stdin: str) -> Result:
    return Status.NO, ""
