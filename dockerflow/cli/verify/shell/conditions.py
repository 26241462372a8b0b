"""The programs that scripts ask a question: test, and whether an account exists."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from dockerflow.cli.verify.accounts import APP, ID, PASSWD, UNKNOWN
from dockerflow.cli.verify.image import ACCOUNT_FILES
from dockerflow.cli.verify.shell.syntax import Result, Status

if TYPE_CHECKING:
    from dockerflow.cli.verify.shell.script import Script


def test(script: Script, words: list[str], stdin: str) -> Result:
    """Follow test and [, which compare texts."""
    words = words[1 : -1 if words[-1] == "]" else None]
    found: bool | None = None
    negated = words[:1] == ["!"]
    if not any(UNKNOWN in word for word in words):
        match words[negated:]:
            case []:
                found = False
            case ["-n", word] | [word]:
                found = word != ""
            case ["-z", word]:
                found = word == ""
            case [left, "=" | "==" | "-eq", right]:
                found = left == right
            case [left, "!=" | "-ne", right]:
                found = left != right
    if found is None:
        return Status.UNKNOWN, ""
    return (Status.NO if found == negated else Status.YES), ""


def exists(script: Script, words: list[str], stdin: str) -> Result:
    """Follow getent, id and grep, which ask whether an account exists."""
    name, *rest = [word for word in words if not re.match("-[^0-9]", word)]
    name = posixpath.basename(name)
    kinds = {"passwd", "group"}
    if name == "getent" and len(rest) == 2 and rest[0] in kinds:
        kinds, account = {rest[0]}, rest[1]
    elif name == "id" and len(rest) == 1:
        kinds, account = {"passwd"}, rest[0]
    elif name not in {"getent", "id"} and len(rest) == 2 and rest[1] in ACCOUNT_FILES:
        kinds = {"passwd" if rest[1] == PASSWD else "group"}
        account = rest[0].lstrip("^").split(":")[0]
    else:
        return Status.UNKNOWN, UNKNOWN
    accounts = script.image.accounts
    known: set[str | None] = set()
    if "passwd" in kinds:
        known |= accounts.users.keys() | {user.uid for user in accounts.users.values()}
    if "group" in kinds:
        known |= accounts.groups.keys() | set(accounts.groups.values())
    if account in known:
        return Status.YES, UNKNOWN
    # no image has it before it is created
    absent = account in {APP, ID} and not accounts.doubts and UNKNOWN not in known
    if not absent:
        return Status.UNKNOWN, UNKNOWN
    return Status.NO, "" if name in {"getent", "id"} else UNKNOWN
