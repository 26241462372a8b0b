"""``python -m dockerflow verify --dockerfile``: accounts made by each distribution's commands."""

import pytest

from dockerflow.cli.verify.dockerfile import check
from tests.support.dockerfiles import FAILED, PASSED, UNCHECKED, outcomes

pytestmark = pytest.mark.once


FOLLOWED = [
    ("debian", "addgroup -gid 10001 app && adduser -system -uid 10001 -ingroup app app"),
    ("debian", "addgroup -system -gid=10001 app && adduser -uid=10001 -gid=10001 app"),
    (
        "debian:12-slim",
        "adduser --group --gid 10001 app; adduser --uid 10001 --ingroup app app",
    ),
    ("ubuntu", "adduser --UID 10001 --disabled-pass --gec '' app"),
    ("alpine", "addgroup -S -g 10001 app && adduser -S -G app -u 10001 app"),
    ("alpine", "addgroup -g 10001 -S app && adduser -u 10001 -SDHG app -g 'The app' app"),
    ("alpine", "addgroup -g 10001 app && adduser -Su 10001 app && addgroup app app"),
    ("busybox", "adduser -D -u 10001 -h /app app"),
    ("rockylinux:9", "groupadd -g 10001 app && adduser -u 10001 -g app -d /app -M app"),
    ("alpine", "addgroup --gid 10001 app && adduser --uid 10001 -DHG app app"),
    ("python:3.14-alpine3.22", "adduser -D -g '' -u 10001 app"),
    ("fedora:43", "groupadd -g 10001 app && adduser -u 10001 -g app app"),
    ("registry.access.redhat.com/ubi9/python-312", "adduser -u 10001 -d /app -M app"),
    ("registry.example/base", "addgroup --gid 10001 app; adduser --uid 10001 --gid 10001 app"),
    ("node:22", "groupmod -g 10001 -n app node && usermod -u 10001 -l app node"),
    ("node:22", "usermod -u 10001 -l app node && groupmod -g 10001 -n app node"),
    ("node:22", "userdel -r node && groupadd -g 10001 app && useradd -u 10001 -g app app"),
    ("node:22-alpine", "deluser node && adduser -D -u 10001 app"),
    (
        "debian",
        (
            "groupadd -g 999 app; useradd -u 999 -g app app; groupmod -g 10001 app && "
            "usermod -u 10001 app"
        ),
    ),
    ("debian", "useradd -u 10001 web && usermod -l app web && groupmod -n app web"),
    ("debian", "groupadd -g 10001 app && useradd -u 10001 -N app && usermod -aG app app"),
    ("debian", "groupadd -g 10001 app && useradd -u 10001 -N app && usermod -a -G www,app app"),
    ("debian", "groupadd -g 10001 app && useradd -u 10001 -N app && gpasswd -a app app"),
    ("debian", "useradd -u 10001 -N app && groupadd -g 10001 app && gpasswd --add app app"),
    ("debian", "useradd -u 10001 -N app && groupadd -g 10001 app && gpasswd -M x,app app"),
    ("debian", "useradd -u 10001 -N app && groupadd -g 10001 -U app app"),
    ("debian", "useradd -u 10001 app && usermod -g users app && usermod -G app app"),
    ("debian", "useradd -u 10001 app && gpasswd -d app app"),
    ("debian", "useradd --uid 10001 app && userdel other && groupdel users"),
    ("debian", "useradd -u 10001 app && useradd $OTHER_USER"),
    ("debian", "useradd -u 10001 app && adduser app sudo && chown app:app /app"),
    ("debian", "groupadd -r -g 10001 app && useradd -r -u 10001 -g app app"),
    ("debian", "useradd -l -m -u 10001 app && echo app:secret | chpasswd && passwd -l app"),
]


@pytest.mark.parametrize(("base", "command"), FOLLOWED)
def test_the_commands_of_each_distribution_are_followed(base, command):
    assert outcomes(f"FROM {base}\nRUN {command}\n") == PASSED


OTHERS = [
    # the group is web: it is only BusyBox where -g is a comment
    ("fedora", "adduser -u 10001 -g web app", FAILED),
    ("fedora", "groupadd -g 10001 app && adduser -u 10001 -g web app", ("passed", "failed")),
    ("quay.io/centos/centos:stream9", "adduser -u 10001 -g web app", FAILED),
    ("registry.example/base", "adduser -u 10001 -g web app", UNCHECKED),
    ("debian", "adduser --system --uid 10001 app", ("failed", "failed")),
    ("debian", "adduser --uid 10001 --group app", ("failed", "failed")),
    ("debian", "useradd -u 10001 app && userdel app", FAILED),
    ("alpine", "adduser -D -u 10001 app && deluser app", FAILED),
    ("debian", "useradd -u 10001 app && deluser --remove-home app", FAILED),
    ("debian", "useradd -u 10001 app && groupdel -f app", ("failed", "failed")),
    # the group of a system user has an id below 1000
    ("debian", "useradd -r -u 10001 app", ("failed", "passed")),
    ("debian", "useradd --system --uid 10001 -U app", ("failed", "passed")),
    ("debian", "useradd -u 10001 app && usermod -l web app", ("passed", "failed")),
    ("debian", "useradd -u 10001 app && groupmod -n web app", ("failed", "failed")),
    ("debian", "useradd -u 10001 app && usermod -u 1000 app", ("passed", "failed")),
    ("debian", "useradd -u 10001 app && groupmod -g 1000 app", ("failed", "passed")),
    ("debian", "useradd -u 10001 app && usermod -g users app", ("passed", "failed")),
    (
        "debian",
        "groupadd -g 10001 app && useradd -u 10001 -g users -G app app && usermod -G www app",
        ("passed", "failed"),
    ),
    (
        "debian",
        "groupadd -g 10001 app && useradd -u 10001 -N -G app app && gpasswd -d app app",
        ("passed", "failed"),
    ),
    ("debian", "groupadd -g 10001 web && useradd -u 10001 app", ("failed", "passed")),
    ("debian", "groupadd -g 10001 app && useradd -u 10001 -g app web", ("passed", "failed")),
    ("node", "groupadd -g 10001 app && usermod -u 10001 -l app node", ("passed", "failed")),
    ("debian", "apt-get install -y adduser passwd && rm -rf /var/lib/apt/lists/*", FAILED),
    ("debian", "getent passwd app; cat /etc/passwd; chmod g=u /etc/passwd; id app", FAILED),
    ("debian", "echo useradd -u 10001 app", FAILED),
    ("debian", "which useradd && command -v adduser", FAILED),
    ("debian", "# useradd -u 10001 app", FAILED),
    ("debian", "true #useradd -u 10001 app", FAILED),
]


@pytest.mark.parametrize(("base", "command", "expected"), OTHERS)
def test_what_makes_other_accounts_fails(base, command, expected):
    assert outcomes(f"FROM {base}\nRUN {command}\n") == expected


@pytest.mark.parametrize(
    "command",
    [
        "useradd --an-option-of-tomorrow app",
        "useradd -u $UID app",
        "groupadd -g $GID $NAME && useradd -u $ID -g $NAME $NAME",
        "useradd $OPTIONS app",
        "useradd -u 10001 app && usermod $OPTIONS app",
        "useradd -u 10001 app && usermod -l $NAME app",
        "useradd -u 10001 app && userdel $NAME",
        "useradd -R /mnt -u 10001 app",
        "useradd -K UID_MIN=10001 app",
        "adduser --firstuid 10001 app",
        "chroot /mnt useradd -u 10001 app",
        "echo app | xargs -n1 useradd -u 10001",
        "python3 -c \"import os; os.system('useradd -u 10001 app')\"",
        'perl -e \'system "useradd", "app"\'',
        "sed -i 's/1000/10001/' /etc/passwd /etc/group",
        "ln -sf /run/passwd /etc/passwd",
        "newusers users.txt",
        "echo 'u app 10001' | systemd-sysusers -",
        "systemd-sysusers /x.conf",
        "vipw",
        "groupmems -a app -g app",
        "./create-user.sh app 10001",
        "bash /scripts/add_user.sh",
        "useradd -u 10001 app 'unclosed",
        "while read user id; do useradd -u $id $user; done < users.txt",
        "useradd -u $(cat /uid) app",
        "id=10001; sh -c 'useradd -u $id app'",
        "useradd -u 10000 web; useradd app",
        "useradd -u $((10000 + 1)) app",
        "if test -f /x; then useradd -u 10001 app; else useradd -u 1000 app; fi",
        "test -f /x && useradd -u 10001 app; true",
        'if [ "$MODE" = dev ]; then useradd -u 10001 app; fi',
        "case $MODE in dev) useradd -u 10001 app;; esac",
        "useradd -u 10001 app; test -f /x && userdel app; true",
    ],
)
def test_what_names_accounts_and_can_not_be_followed_is_not_checked(command):
    found = outcomes(f"FROM registry.example/base\nRUN {command}\n")

    assert "failed" not in found
    assert found[1] == "not checked"


def test_the_command_that_is_not_followed_is_named():
    found = check("FROM debian\nRUN true && \\\n  useradd   -u $UNKNOWN app\n")

    assert found["app-user"].found == "the id of the user app can't be known from this Dockerfile"

    found = check("FROM debian\nRUN true && \\\n  useradd   --new 1 app\n")

    assert found["app-user"].found == (
        "this names accounts and can't be followed: useradd --new 1 app"
    )
