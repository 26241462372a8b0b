"""The groups and users of an image, as far as its Dockerfile makes them.

A text may hold ``UNKNOWN`` where only the build knows what stands there: an id from a variable
without a value, for example.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

# Stands in a text for what only the build knows. No word of a shell can hold this character.
UNKNOWN = "\0"
APP = "app"
ID = "10001"
PASSWD = "/etc/passwd"  # noqa: S105 (a path)
GROUP = "/etc/group"
# what makes or changes accounts, wherever it stands
ACCOUNTS = re.compile(
    r"\b(?:(?:user|group)(?:add|del|mod)|(?:add|del)(?:user|group)|gpasswd|groupmems|newusers|"
    r"sysusers|vipw|vigr|getpwnam|/?etc/(?:passwd|group))\b(?!-)"
)


def names_accounts(text: str) -> bool:
    """Return whether ``text`` names a command or a file that makes accounts."""
    return bool(ACCOUNTS.search(text))


class User(NamedTuple):
    """A user: ``uid`` is None where the command chose it, ``group`` is a name, an id or None.

    ``assumed`` says that the user comes from the base image: it is taken to be in a group of its
    own name, as useradd and adduser create it.
    """

    uid: str | None
    group: str | None
    assumed: bool = False


class Doubt(NamedTuple):
    """A command or instruction that can't be followed.

    ``creates`` says that it can only add accounts, so that those which exist stay as they are.
    """

    text: str
    creates: bool


@dataclass
class Accounts:
    """Groups with their ids, users, and who is a member of which group besides the own one."""

    groups: dict[str, str | None] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    members: set[tuple[str, str]] = field(default_factory=set)
    # what groups of the base image are called now
    renamed: dict[str, str] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)

    def state(self, name: str) -> object:
        """Return what is known of the group and the user ``name``, to compare it."""
        user = self.users.get(name)
        return name in self.groups, self.groups.get(name), user, user and self.groups_of(name)

    def add_group(self, name: str, gid: str | None) -> None:
        """Create a group, unless it exists."""
        _refuse_unknown(name)
        self.groups.setdefault(name, gid or _next(self.groups.values()))

    def add_user(self, name: str, uid: str | None, group: str | None, own_group: bool) -> None:
        """Create a user, unless it exists; without ``group`` it may get one of its own name.

        Such a group gets the user's id if no other group has it.
        """
        uid = uid or _next(user.uid for user in self.users.values())
        _refuse_unknown(name)
        if name in self.users:
            return
        if group is None and own_group:
            group = name
            self.groups.setdefault(name, None if uid in self.groups.values() else uid)
        self.users[name] = User(uid, group)

    def add_member(self, user: str, group: str) -> None:
        """Add ``user`` to ``group``, which may be an id."""
        self.users.setdefault(user, self._of_the_base(user))
        self.members.add((user, group))

    def remove_member(self, user: str, group: str) -> None:
        """Take ``user`` out of ``group``, unless that is its own one."""
        self.members.discard((user, group))

    def set_members(self, group: str, users: set[str]) -> None:
        """Make ``users`` the only ones whom the list of ``group`` names."""
        self.members = {pair for pair in self.members if pair[1] != group}
        self.members |= {(user, group) for user in users}

    def change_group(self, name: str, gid: str | None, new_name: str | None) -> None:
        """Give a group another id or name; one that was not created here is the base image's."""
        _refuse_unknown(name, new_name or "")
        old_gid = self.groups.pop(name, UNKNOWN)
        new_name = new_name or name
        self.groups[new_name] = old_gid if gid is None else gid
        self.renamed[name] = new_name
        self.members = {(u, new_name if g == name else g) for u, g in self.members}
        for user, record in self.users.items():
            if record.group in {name, old_gid} - {None}:
                self.users[user] = record._replace(group=new_name)

    def change_user(
        self, name: str, *, uid: str | None, group: str | None, new_name: str | None
    ) -> None:
        """Give a user another id, group or name; one not created here is the base image's."""
        _refuse_unknown(name, new_name or "")
        record = self.users.pop(name, None) or self._of_the_base(name)
        if uid is not None:
            record = record._replace(uid=uid)
        if group is not None:
            record = record._replace(group=group, assumed=False)
        new_name = new_name or name
        self.users[new_name] = record
        self.members = {(new_name if u == name else u, g) for u, g in self.members}

    def _of_the_base(self, name: str) -> User:
        return User(UNKNOWN, self.renamed.get(name, name), assumed=True)

    def leave_groups(self, user: str) -> None:
        """Take ``user`` out of all groups besides its own one."""
        self.members = {pair for pair in self.members if pair[0] != user}

    def remove_user(self, name: str) -> None:
        """Remove a user, and the group of its name if that is its own and nobody else's."""
        _refuse_unknown(name)
        record = self.users.pop(name, None)
        self.members = {pair for pair in self.members if pair[0] != name}
        own = record is not None and record.group in {name, self.groups.get(name)}
        others = {user.group for user in self.users.values()} | {g for _, g in self.members}
        if own and not others & {name, self.groups.get(name)}:
            self.groups.pop(name, None)

    def remove_group(self, name: str) -> None:
        _refuse_unknown(name)
        gid = self.groups.pop(name, None)
        self.members = {pair for pair in self.members if pair[1] != name}
        for user, record in self.users.items():
            if record.group == name:
                self.users[user] = record._replace(group=gid)

    def is_member(self, user: str, group: str) -> bool | None:
        """Return whether ``user`` is in ``group``, None where that can't be known."""
        gid = self.groups.get(group)
        names = {group} if gid is None else {group, gid}
        found = self.groups_of(user)
        if names & found:
            return True
        # a group of the base image may be anybody's
        foreign = self.users[user].assumed and group in self.renamed.values()
        return None if foreign or any(UNKNOWN in name for name in found | names) else False

    def groups_of(self, user: str) -> set[str]:
        """Return the groups of ``user``, by name or by id."""
        own = self.users[user].group
        return {g for u, g in self.members if u == user} | ({own} if own is not None else set())

    def read(self, path: str, text: str, source: str) -> None:
        """Take over the lines of /etc/passwd or /etc/group, which ``source`` adds to it.

        https://man7.org/linux/man-pages/man5/passwd.5.html
        """
        for line in text.splitlines():
            name, *fields = line.split(":")
            if UNKNOWN in name:
                self.doubts.append(Doubt(source, creates=True))
            if UNKNOWN in name or len(fields) < 3 or not name or name[0] in "#+-":
                continue
            _, number, last = fields[:3]
            if path == PASSWD:
                self.users.setdefault(name, User(number or None, last or None))
            else:
                self.groups.setdefault(name, number or None)
                self.members |= {(user, name) for user in last.split(",") if user}

    def replace(self, path: str, text: str, source: str) -> None:
        """Make ``text`` the whole of /etc/passwd or /etc/group."""
        if path == PASSWD:
            self.users.clear()
        else:
            self.groups.clear()
            self.members.clear()
        self.read(path, text, source)

    def render(self, path: str) -> str:
        """Return /etc/passwd or /etc/group, with ``UNKNOWN`` for what can't be followed."""
        if any(not doubt.creates for doubt in self.doubts):
            return UNKNOWN
        lines = [UNKNOWN] if self.doubts else []
        if path == PASSWD:
            for name, user in self.users.items():
                lines.append(f"{name}:x:{user.uid or ''}:{user.group or ''}:::")
        else:
            for name, gid in self.groups.items():
                users = ",".join(sorted(u for u, g in self.members if g in {name, gid}))
                lines.append(f"{name}:x:{gid or ''}:{users}")
        return "".join(line + "\n" for line in lines)


def _refuse_unknown(*names: str) -> None:
    if any(UNKNOWN in name for name in names):
        raise ValueError("the name of the group or user is not known")


def _next(numbers: Iterable[str | None]) -> str | None:
    """Return the id that a command chooses: not the one asked for, but after 10000 it may be."""
    return UNKNOWN if str(int(ID) - 1) in numbers else None
