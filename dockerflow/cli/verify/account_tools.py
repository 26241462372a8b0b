"""What the commands that make, change and remove groups and users do."""

from __future__ import annotations

import copy
import posixpath
from functools import partial
from typing import TYPE_CHECKING

from dockerflow.cli.verify.account_options import (
    BUSYBOX_ADDGROUP,
    BUSYBOX_ADDUSER,
    BUSYBOX_DEL,
    DEBIAN_ADD,
    DEBIAN_DEL,
    GPASSWD,
    GROUPADD,
    GROUPDEL,
    GROUPMOD,
    USERADD,
    USERDEL,
    USERMOD,
)
from dockerflow.cli.verify.accounts import UNKNOWN
from dockerflow.cli.verify.image import BUSYBOX, DEBIAN, SHADOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from dockerflow.cli.verify.account_options import Command, Options
    from dockerflow.cli.verify.accounts import Accounts


def run(accounts: Accounts, family: str | None, words: list[str]) -> Accounts:
    """Return what the command makes of ``accounts``, in an image with the commands of ``family``.

    Raises ValueError where that can't be known.
    """
    name = posixpath.basename(words[0])
    variants = FOLLOWED[name]
    known = variants.get(family or "") or variants.get(ANY)
    results = [_try(known, accounts, words[1:])] if known else []
    if not any(results):
        results = [_try(follow, accounts, words[1:]) for follow in variants.values()]
    possible = [result for result in results if result]
    if not possible or any(result != possible[0] for result in possible):
        raise ValueError(f"{name} can't be followed")
    return possible[0]


def _try(
    follow: Callable[[Accounts, list[str]], None], accounts: Accounts, words: list[str]
) -> Accounts | None:
    result = copy.deepcopy(accounts)
    try:
        follow(result, words)
    except ValueError:
        return None
    return result


def _parse(command: Command, words: list[str], most: int = 1) -> tuple[Options, list[str]]:
    options, names = command.parse(words)
    if not 1 <= len(names) <= most:
        raise ValueError("it does not name one account")
    # they change the files of another root directory, or choose the id in another way
    if options.keys() & {"root", "prefix", "key", "firstuid", "firstgid", "conf", "defaults"}:
        raise ValueError("an option that is not followed")
    return options, names


def _names(text: str) -> set[str]:
    return set(filter(None, text.split(",")))


def _useradd(accounts: Accounts, words: list[str]) -> None:
    options, (name,) = _parse(USERADD, words)
    exists = name in accounts.users
    own = "no-user-group" not in options
    if own and "system" in options and "gid" not in options and not exists:
        # a group of the system's has an id of its own, below 1000
        accounts.add_group(name, None)
    accounts.add_user(name, options.get("uid"), options.get("gid"), own)
    for group in _names(options.get("groups", "")) if not exists else ():
        accounts.add_member(name, group)


def _groupadd(accounts: Accounts, words: list[str]) -> None:
    options, (name,) = _parse(GROUPADD, words)
    accounts.add_group(name, options.get("gid"))
    for user in _names(options.get("users", "")):
        accounts.add_member(user, name)


def _usermod(accounts: Accounts, words: list[str]) -> None:
    options, (name,) = _parse(USERMOD, words)
    if "groups" in options and "remove" in options:
        for group in _names(options["groups"]):
            accounts.remove_member(name, group)
    elif "groups" in options:
        if "append" not in options:
            accounts.leave_groups(name)
        for group in _names(options["groups"]):
            accounts.add_member(name, group)
    accounts.change_user(
        name, uid=options.get("uid"), group=options.get("gid"), new_name=options.get("login")
    )


def _groupmod(accounts: Accounts, words: list[str]) -> None:
    options, (name,) = _parse(GROUPMOD, words)
    if "users" in options:
        if "append" not in options:
            accounts.set_members(name, set())
        for user in _names(options["users"]):
            accounts.add_member(user, name)
    if options.keys() & {"gid", "new-name"}:
        accounts.change_group(name, options.get("gid"), options.get("new-name"))


def _userdel(accounts: Accounts, words: list[str]) -> None:
    accounts.remove_user(_parse(USERDEL, words)[1][0])


def _groupdel(accounts: Accounts, words: list[str]) -> None:
    accounts.remove_group(_parse(GROUPDEL, words)[1][0])


def _gpasswd(accounts: Accounts, words: list[str]) -> None:
    options, (group,) = _parse(GPASSWD, words)
    if "add" in options:
        accounts.add_member(options["add"], group)
    if "delete" in options:
        accounts.remove_member(options["delete"], group)
    if "members" in options:
        accounts.set_members(group, _names(options["members"]))


def _debian_adduser(accounts: Accounts, words: list[str]) -> None:
    options, names = _parse(DEBIAN_ADD, words, most=2)
    system, group = "system" in options, "group" in options
    if len(names) == 2:
        accounts.add_member(*names)
    elif group and not system:
        accounts.add_group(names[0], options.get("gid"))
    else:
        own = group or not system
        accounts.add_user(
            names[0], options.get("uid"), options.get("ingroup", options.get("gid")), own
        )


def _debian_addgroup(accounts: Accounts, words: list[str]) -> None:
    options, (name,) = _parse(DEBIAN_ADD, words)
    accounts.add_group(name, options.get("gid"))


def _busybox_adduser(accounts: Accounts, words: list[str]) -> None:
    options, names = _parse(BUSYBOX_ADDUSER, words, most=2)
    if len(names) == 2:
        accounts.add_member(*names)
    else:
        own = "system" not in options
        accounts.add_user(names[0], options.get("uid"), options.get("ingroup"), own)


def _busybox_addgroup(accounts: Accounts, words: list[str]) -> None:
    options, names = _parse(BUSYBOX_ADDGROUP, words, most=2)
    if len(names) == 2:
        accounts.add_member(*names)
    else:
        accounts.add_group(names[0], _number(options.get("gid")))


def _number(text: str | None) -> str | None:
    if text is None or text.isdigit() or UNKNOWN in text:
        return text
    raise ValueError(f"{text} is not an id")


def _deluser(command: Command, accounts: Accounts, words: list[str]) -> None:
    options, names = _parse(command, words, most=2)
    if "group" in options:
        _delgroup(command, accounts, words)
    elif len(names) == 2:
        accounts.remove_member(*names)
    else:
        accounts.remove_user(names[0])


def _delgroup(command: Command, accounts: Accounts, words: list[str]) -> None:
    _, names = _parse(command, words, most=2)
    if len(names) == 2:
        accounts.remove_member(*names)
    else:
        accounts.remove_group(names[0])


ANY = "any"
# by name, and by whose command it is
FOLLOWED: dict[str, dict[str, Callable[[Accounts, list[str]], None]]] = {
    "useradd": {ANY: _useradd},
    "groupadd": {ANY: _groupadd},
    "usermod": {ANY: _usermod},
    "groupmod": {ANY: _groupmod},
    "userdel": {ANY: _userdel},
    "groupdel": {ANY: _groupdel},
    "gpasswd": {ANY: _gpasswd},
    "adduser": {SHADOW: _useradd, DEBIAN: _debian_adduser, BUSYBOX: _busybox_adduser},
    "addgroup": {DEBIAN: _debian_addgroup, BUSYBOX: _busybox_addgroup},
    "deluser": {DEBIAN: partial(_deluser, DEBIAN_DEL), BUSYBOX: partial(_deluser, BUSYBOX_DEL)},
    "delgroup": {DEBIAN: partial(_delgroup, DEBIAN_DEL), BUSYBOX: partial(_delgroup, BUSYBOX_DEL)},
}
# these only add accounts
CREATORS = {"useradd", "groupadd", "adduser", "addgroup"}
