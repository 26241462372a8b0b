"""The account commands of this machine, run on an /etc of their own: what they really do.

Started in a mount namespace of its own (``unshare --mount``); reads a JSON array of builds from
stdin, each with its environment and its steps, and writes an array of what app is afterwards.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ETC = Path("/etc")
KEPT = (
    "adduser.conf",
    "alternatives",
    "default",
    "login.defs",
    "nsswitch.conf",
    "pam.conf",
    "pam.d",
)
FILES = {
    "passwd": (
        "root:x:0:0:root:/root:/bin/bash\n"
        "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n"
        "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
    ),
    "group": "root:x:0:\nsudo:x:27:\nwww-data:x:33:\nusers:x:100:\nwww:x:1234:\nnogroup:x:65534:\n",
    "shadow": "root:*:1:0:99999:7:::\nwww-data:*:1:0:99999:7:::\nnobody:*:1:0:99999:7:::\n",
    "gshadow": "root:*::\nusers:*::\n",
}


def mount(*words):
    subprocess.run(["mount", *words], check=True)


def prepare():
    """Put a small /etc in the place of the machine's, and an empty folder over /tmp and /home."""
    folder = Path(tempfile.mkdtemp())
    mount("-t", "tmpfs", "tmpfs", folder)
    for name in KEPT:
        if (ETC / name).is_dir():
            shutil.copytree(ETC / name, folder / name, symlinks=True)
        elif (ETC / name).exists():
            shutil.copy(ETC / name, folder / name)
    shutil.copy(ETC / "ld.so.cache", folder)
    (folder / "skel").mkdir()
    mount("--bind", folder, ETC)
    for path in ("/tmp", "/home", "/var/mail"):
        mount("-t", "tmpfs", "tmpfs", path)


def build(environment, steps):
    """Return whether the steps succeed, and whether the group and the user app are right."""
    for name in ("passwd-", "group-", "subuid", "subgid", ".pwd.lock"):
        (ETC / name).unlink(missing_ok=True)
    for name, text in FILES.items():
        (ETC / name).write_text(text)
    for words in steps:
        done = subprocess.run(
            words,
            cwd="/",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=30,
            check=False,
        )
        if done.returncode:
            return False, False, False
    groups = {line.split(":")[0]: line.split(":") for line in lines("group")}
    users = {line.split(":")[0]: line.split(":") for line in lines("passwd")}
    group, user = groups.get("app"), users.get("app")
    member = bool(group and user) and (user[3] == group[2] or "app" in group[3].split(","))
    return (
        True,
        bool(group) and group[2] == "10001",
        bool(user) and user[2] == "10001" and member,
    )


def lines(name):
    return [line for line in (ETC / name).read_text().splitlines() if line.count(":") > 2]


if __name__ == "__main__":
    builds = json.load(sys.stdin)
    prepare()
    os.umask(0o022)
    json.dump([build(**described) for described in builds], sys.stdout)
