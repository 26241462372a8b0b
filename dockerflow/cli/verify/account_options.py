"""The options of the commands that make, change and remove accounts.

shadow's (groupadd, useradd, ...), Debian's adduser and its family, BusyBox's of the same names.
"""

from __future__ import annotations

import getopt

Options = dict[str, str]


class Command:
    """Options as getopt knows them, short ones and long ones; what each is called here."""

    def __init__(self, short: str, long: str, names: str = "") -> None:
        self.short = short
        self.long = long.split()
        # "g gid" is called gid, however it is written
        self.names = dict(pair.split("=") for pair in names.split())

    def parse(self, words: list[str]) -> tuple[Options, list[str]]:
        """Return the options by name, and the other words. Raises ValueError."""
        try:
            found, rest = getopt.gnu_getopt(words, self.short, self.long)
        except getopt.GetoptError as error:
            raise ValueError(str(error)) from None
        return {self.names.get(name.lstrip("-"), name.lstrip("-")): v for name, v in found}, rest


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
            name, given, value = word.lstrip("-").lower().partition("=")
            known = [long for long in self.long if long.rstrip("=") == name] or [
                long for long in self.long if long.startswith(name)
            ]
            if len(known) != 1:
                raise ValueError(f"{word} is not an option")
            if known[0].endswith("=") and not given:
                if not queue:
                    raise ValueError(f"{word} needs a value")
                value = queue.pop(0)
            elif given:
                value = word.partition("=")[2]
            options[known[0].rstrip("=")] = value
        return options, rest


# https://man7.org/linux/man-pages/man8/useradd.8.html and its neighbours
USERADD = Command(
    "b:c:d:De:f:Fg:G:k:K:lmMNop:rR:P:s:u:UZ:",
    "badname base-dir= btrfs-subvolume-home comment= create-home defaults expiredate= gid= "
    "groups= home-dir= inactive= key= no-create-home no-log-init no-user-group non-unique "
    "password= prefix= root= selinux-user= shell= skel= system uid= user-group "
    "add-subids-for-system",
    "u=uid g=gid G=groups N=no-user-group D=defaults R=root P=prefix K=key r=system",
)
GROUPADD = Command(
    "fg:K:op:rR:P:U:",
    "force gid= key= non-unique password= system root= prefix= users=",
    "g=gid R=root P=prefix K=key U=users",
)
USERMOD = Command(
    "abc:d:e:f:g:G:l:Lmop:P:rR:s:u:Uv:V:w:W:Z:",
    "append badname comment= home= expiredate= inactive= gid= groups= login= lock move-home "
    "non-unique password= prefix= remove root= shell= uid= unlock add-subuids= del-subuids= "
    "add-subgids= del-subgids= selinux-user=",
    "a=append g=gid G=groups l=login P=prefix r=remove R=root u=uid",
)
GROUPMOD = Command(
    "ag:n:op:P:R:U:",
    "append gid= new-name= non-unique password= prefix= root= users=",
    "a=append g=gid n=new-name P=prefix R=root U=users",
)
USERDEL = Command("frR:P:Z", "force remove root= prefix= selinux-user", "R=root P=prefix")
GROUPDEL = Command("fR:P:", "force root= prefix=", "R=root P=prefix")
GPASSWD = Command(
    "a:d:Q:rRA:M:",
    "add= delete= root= remove-password restrict administrators= members=",
    "a=add d=delete M=members Q=root",
)
# https://manpages.debian.org/adduser
DEBIAN_OPTIONS = (
    "add-extra-groups add_extra_groups allow-all-names allow-badname allow-bad-names comment= "
    "conf= debug disabled-login disabled-password firstgid= firstuid= force-badname gecos= gid= "
    "group home= ingroup= lastgid= lastuid= no-create-home quiet shell= system uid= verbose"
)
DEBIAN_ADD = DebianCommand("", DEBIAN_OPTIONS)
DEBIAN_DEL = DebianCommand(
    "",
    "quiet debug verbose group conf= system only-if-empty remove-home remove-all-files backup "
    "backup-to= backup-suffix= no-preserve-root",
)
# https://busybox.net/downloads/BusyBox.html
BUSYBOX_ADDUSER = Command(
    "h:g:s:G:SDHu:k:",
    "home= gecos= shell= ingroup= system disabled-password empty-password no-create-home uid= "
    "skel=",
    "u=uid G=ingroup S=system",
)
BUSYBOX_ADDGROUP = Command("g:S", "gid= system", "g=gid S=system")
BUSYBOX_DEL = Command("", "remove-home")
