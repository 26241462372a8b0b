"""The options of the commands that make, change and remove accounts.

shadow's (groupadd, useradd, ...), Debian's adduser and its family, BusyBox's of the same names.
"""

from __future__ import annotations

import getopt

Options = dict[str, str]


class Command:
    """The options of a command: ``g/gid=`` stands for -g and --gid, which take a value.

    Each is called by its long name, however it is written.
    """

    def __init__(self, options: str) -> None:
        self.long: list[str] = []
        self.short = ""
        self.names: dict[str, str] = {}
        for option in options.split():
            letter, _, long = option.rpartition("/")
            self.long.append(long)
            if letter:
                self.short += letter + ":" * long.endswith("=")
                self.names[f"-{letter}"] = long.rstrip("=")

    def parse(self, words: list[str]) -> tuple[Options, list[str]]:
        """Return the options by name, and the other words. Raises ValueError."""
        try:
            found, rest = getopt.gnu_getopt(words, self.short, self.long)
        except getopt.GetoptError as error:
            raise ValueError(str(error)) from None
        return {self.names.get(name, name.lstrip("-")): value for name, value in found}, rest


class DebianCommand(Command):
    """Options as Perl's Getopt::Long knows them: one dash or two, abbreviated, in any case."""

    def parse(self, words: list[str]) -> tuple[Options, list[str]]:
        options: Options = {}
        rest: list[str] = []
        queue = list(words)
        while queue:
            word = queue.pop(0)
            if word == "--":
                return options, rest + queue
            if not word.startswith("-") or word == "-":
                rest.append(word)
                continue
            name, given, value = word.lstrip("-").partition("=")
            name = name.lower()
            known = [long for long in self.long if long.rstrip("=") == name] or [
                long for long in self.long if long.startswith(name)
            ]
            if len(known) != 1:
                raise ValueError(f"{word} is not an option")
            if known[0].endswith("=") and not given:
                if not queue:
                    raise ValueError(f"{word} needs a value")
                value = queue.pop(0)
            options[known[0].rstrip("=")] = value
        return options, rest


# https://man7.org/linux/man-pages/man8/useradd.8.html and its neighbours
USERADD = Command(
    "b/base-dir= badname btrfs-subvolume-home c/comment= D/defaults d/home-dir= e/expiredate= "
    "F/add-subids-for-system f/inactive= G/groups= g/gid= K/key= k/skel= l/no-log-init "
    "M/no-create-home m/create-home N/no-user-group o/non-unique P/prefix= p/password= R/root= "
    "r/system s/shell= U/user-group u/uid= Z/selinux-user="
)
GROUPADD = Command(
    "f/force g/gid= K/key= o/non-unique P/prefix= p/password= R/root= r/system U/users="
)
USERMOD = Command(
    "a/append b/badname c/comment= d/home= e/expiredate= f/inactive= G/groups= g/gid= L/lock "
    "l/login= m/move-home o/non-unique P/prefix= p/password= R/root= r/remove s/shell= U/unlock "
    "u/uid= V/del-subuids= v/add-subuids= W/del-subgids= w/add-subgids= Z/selinux-user="
)
GROUPMOD = Command(
    "a/append g/gid= n/new-name= o/non-unique P/prefix= p/password= R/root= U/users="
)
USERDEL = Command("f/force P/prefix= R/root= r/remove Z/selinux-user")
GROUPDEL = Command("f/force P/prefix= R/root=")
GPASSWD = Command(
    "A/administrators= a/add= d/delete= M/members= Q/root= R/restrict r/remove-password"
)
# https://manpages.debian.org/adduser
DEBIAN_ADD = DebianCommand(
    "add-extra-groups add_extra_groups allow-all-names allow-badname allow-bad-names comment= "
    "conf= debug disabled-login disabled-password firstgid= firstuid= force-badname gecos= gid= "
    "group home= ingroup= lastgid= lastuid= no-create-home quiet shell= system uid= verbose"
)
DEBIAN_DEL = DebianCommand(
    "quiet debug verbose group conf= system only-if-empty remove-home remove-all-files backup "
    "backup-to= backup-suffix= no-preserve-root"
)
# https://busybox.net/downloads/BusyBox.html
BUSYBOX_ADDUSER = Command(
    "D/disabled-password empty-password G/ingroup= g/gecos= H/no-create-home h/home= k/skel= "
    "S/system s/shell= u/uid="
)
BUSYBOX_ADDGROUP = Command("g/gid= S/system")
BUSYBOX_DEL = Command("remove-home")
