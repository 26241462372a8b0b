"""What verify says of accounts, beside what the commands of a real Debian do to them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from e2b_dockerfile_utils import ShellLex, parse_dockerfile_ast

from dockerflow.cli.verify.stages import script_of
from tests.cli.verify.test_account_commands import FOLLOWED, OTHERS
from tests.cli.verify.test_account_files import LINES
from tests.cli.verify.test_account_scripts import SCRIPTS
from tests.support.dockerfiles import outcomes
from tests.support.process import python_path

pytestmark = pytest.mark.once

DEBIAN = ("debian", "ubuntu")
MORE = [
    "groupadd -g 10000 x; groupadd app && useradd -u 10001 -g app app",
    "useradd -u 10001 -g 100 -G 10001 app; true",
    "groupadd -g 10001 app; useradd -u 10001 -g 100 -G 10001 app",
    "groupadd --force --gid 10001 app && useradd --no-user-group -u 10001 -G app app",
    "adduser --system --no-create-home --group --uid 10001 --gecos x app",
    "addgroup --gid 10001 app; adduser --system --uid 10001 --gid 10001 app",
    "useradd -u 10001 app && usermod -u 10002 app && usermod -u 10001 app",
    "useradd -u 10001 app && groupmod -g 10002 app && groupmod -g 10001 app",
    "groupadd -g 10001 app; useradd -u 10001 -g app app; deluser app",
    "groupadd -g 10001 app; useradd -u 10001 -g app -G www-data app; deluser app www-data",
    "useradd -u 10001 app && groupadd extra && usermod -aG extra app && gpasswd -d app extra",
    "useradd -u 10001 app && usermod -g www-data app && groupdel app",
    "useradd -u 10001 -N app && groupadd -g 10001 app && usermod -g 10001 app",
    'x=app; y="useradd -u 10001 $x"; $y',
    "for i in 1 2; do id app || useradd -u 10001 app; done",
    "printf 'app:x:%d:%d::/:\\n' 10001 10001 >>/etc/passwd && echo app:x:10001: >>/etc/group",
    'echo "app:x:10001:\\nother:x:5:" >> /etc/group; useradd -u 10001 -g app app',
    "useradd -u 10001 app && exit 0; userdel app",
    "useradd -u 10001 app; (exit 0); userdel app",
    "if id nobody; then useradd -u 10001 app; fi",
    "if id app; then useradd -u 5 app; else useradd -u 10001 app; fi",
    'test -z "$NOPE" && useradd -u 10001 app',
    "case abc in a*) useradd -u 10001 app;; *) useradd -u 3 app;; esac",
    "false && useradd -u 10001 app; true",
    "true || useradd -u 10001 app",
    "useradd -u 10001 app; cp /etc/group /tmp/g; groupdel -f app; cp /tmp/g /etc/group",
    "n=1; useradd -u 1000$n app",
    "id=10001; sh -c 'useradd -u $id app' || useradd app",
    "sh -c 'useradd -u 10001 app' && sh -c 'userdel app'",
]


def texts():
    """Return the Dockerfiles of the other tests that a Debian can build with RUN alone."""
    commands = [command for base, command, *_ in FOLLOWED + OTHERS if base.startswith(DEBIAN)]
    lines = [f"RUN {command}" for command in commands + MORE] + SCRIPTS + LINES
    return [
        f"FROM debian\n{line}\n" for line in lines if "COPY" not in line and "SHELL" not in line
    ]


def described(text):
    """Return the environment and the steps of a Dockerfile."""
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
    steps = []
    for instruction in parse_dockerfile_ast(text).instructions:
        arguments = instruction.args
        if instruction.name == "ARG":
            for word in arguments:
                name, given, value = word.partition("=")
                environment |= {name: ShellLex("\\").process_word(value)} if given else {}
        elif instruction.name == "ENV":
            environment |= dict(zip(arguments[::3], arguments[1::3], strict=True))
        elif instruction.name == "RUN":
            script = script_of(instruction)
            shell = "bash" if script.startswith("#!") else "sh"
            steps.append(arguments if instruction.json else [shell, "-c", script])
    return {"environment": environment, "steps": steps}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may change the accounts of an image")
@pytest.mark.skipif(
    not (shutil.which("unshare") and Path("/usr/sbin/adduser").exists()),
    reason="needs unshare, useradd and adduser of a Debian: apt-get install adduser",
)
def test_what_passes_holds_and_what_fails_does_not():
    dockerfiles = texts()
    done = subprocess.run(
        ["unshare", "--mount", sys.executable, "-m", "tests.support.real_accounts"],
        input=json.dumps([described(text) for text in dockerfiles]),
        env={**os.environ, "PYTHONPATH": python_path()},
        capture_output=True,
        text=True,
        check=True,
    )
    results = json.loads(done.stdout)
    built = [
        (text, {True: "passed", False: "failed"}[group], {True: "passed", False: "failed"}[user])
        for text, (succeeded, group, user) in zip(dockerfiles, results, strict=True)
        if succeeded
    ]
    wrong = []
    for text, *real in built:
        found = outcomes(text)
        if any(ours not in {"not checked", truth} for ours, truth in zip(found, real, strict=True)):
            wrong.append((text, found, real))

    assert wrong == []
    assert len(built) > 100
