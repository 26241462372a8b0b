"""``python -m dockerflow verify --dockerfile``: what the specification recommends."""

import pytest

from dockerflow.cli.verify.dockerfile import check

pytestmark = pytest.mark.once


def outcome(name, lines):
    return str(check("FROM debian\n" + lines + "\n")[name])


@pytest.mark.parametrize(
    "command",
    [
        "/venv/bin/pip install -r r.txt",
        "/venv/bin/python3.13 -m pip --no-cache-dir install -r r.txt",
        "pip3.13 install .",
        "python -m pip --no-cache-dir install -r r.txt",
        "uv pip install -r r.txt",
        "uv sync --frozen",
        "poetry install",
        "npm i",
        "npm --prefix web ci",
        "yarn",
        "yarn --frozen-lockfile",
        "cd web && yarn install",
        "pnpm i",
        "bundle",
        "gem install rails",
        "yum -y install gcc",
        "microdnf install gcc",
        "apk --no-cache add gcc",
        "sudo apt-get -qq install gcc",
        "bash -c 'apt-get update && apt-get install gcc'",
        "go mod download",
        "composer install",
        "if true; then npm ci; fi",
        "<<EOF\nset -e\nnpm ci\nEOF",
    ],
)
def test_an_installation_after_all_sources_is_lost_with_every_change(command):
    assert outcome("optimized", f"COPY . .\nRUN {command}") == "failed"


@pytest.mark.parametrize(
    "command",
    [
        "npm run install-data",
        "npm run ci",
        "npm install --help",
        "yarn build",
        "yarn run install",
        "pip --version",
        "pip install --no-deps .",
        "pip wheel .",
        "python -m compileall install",
        "python manage.py install",
        "go build ./...",
        "go mod tidy",
        "cargo build --release",
        "echo npm install",
        "make install",
        "apt-get clean",
        "bundle exec rake",
        "uv run manage.py collectstatic",
    ],
)
def test_other_commands_may_follow_the_sources(command):
    assert outcome("optimized", f"COPY . .\nRUN {command}") == "passed"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # the stage that installs them had no sources yet
        (
            (
                "FROM a AS deps\nCOPY r.txt .\nRUN pip install --prefix=/i -r r.txt\n"
                "FROM a\nCOPY --from=deps /i /usr\nCOPY . .\nRUN pip install .\n"
            ),
            "passed",
        ),
        (
            (
                "FROM a AS deps\nCOPY . .\nRUN pip install --prefix=/i -r r.txt\n"
                "FROM a\nCOPY --from=deps /i /usr\nCOPY . .\n"
            ),
            "failed",
        ),
        ("FROM a AS deps\nCOPY . .\nRUN npm ci\nFROM a\nCOPY . .\n", "passed"),
        ("FROM a AS deps\nCOPY . .\nFROM deps\nRUN npm ci\n", "failed"),
    ],
)
def test_dependencies_may_come_from_another_stage(text, expected):
    assert str(check(text)["optimized"]) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("EXPOSE 8000", "passed"),
        ("EXPOSE 8000/tcp", "passed"),
        ("EXPOSE 8000/TCP", "passed"),
        ("EXPOSE 7000-9000", "passed"),
        ("EXPOSE 8000-8010/tcp", "passed"),
        ("EXPOSE 80 443 8000", "passed"),
        ("EXPOSE 53/udp 8000", "passed"),
        ("ENV PORT=8000\nEXPOSE 80", "passed"),
        ("ARG P=8000\nEXPOSE ${P}", "passed"),
        ("ARG P=8000\nENV PORT=$P", "passed"),
        ("EXPOSE 8000/udp", "failed"),
        ("EXPOSE 7999-8001/udp", "failed"),
        ("EXPOSE 8001-8010", "failed"),
        ("EXPOSE 18000", "failed"),
        ("EXPOSE 80:8001", "failed"),
        ("ENV PORT=8080\nEXPOSE 8000", "failed"),
        ("ENV PORT=8080\nEXPOSE $PORT", "failed"),
        ("ENV PORT=8000\nEXPOSE $PORT", "passed"),
        ("ENV PORT=\nEXPOSE 8000", "passed"),
        ("ENV PORT=80", "failed"),
        ("ENV X=8000", "failed"),
        ("EXPOSE $PORT", "not checked"),
        ("ARG P\nENV PORT=$P", "not checked"),
    ],
)
def test_the_port_may_be_one_of_a_range_and_is_one_of_tcp(lines, expected):
    assert outcome("port-8000", lines) == expected


@pytest.mark.parametrize(
    "lines",
    [
        "CMD exec gunicorn shop.wsgi",
        "CMD cd /srv && exec gunicorn shop.wsgi",
        "CMD test -n x; exec gunicorn",
        'ENTRYPOINT ["sh", "-c", "exec gunicorn"]',
        'ENTRYPOINT ["/bin/sh", "-ec", "migrate && exec gunicorn"]',
        'ENTRYPOINT ["/entrypoint.sh"]\nCMD ["gunicorn"]',
        'ENTRYPOINT ["sh", "/entrypoint.sh"]',
        'ENTRYPOINT ["dumb-init", "--"]\nCMD ["sh", "-c", "a && b"]',
        'ENTRYPOINT ["tini", "-g", "--"]\nCMD ["sh", "-c", "a && b"]',
        'ENTRYPOINT ["sh", "-c", "if true; then exec y; fi"]',
        'ENTRYPOINT ["sh", "-c", "if a; then exec y; elif b; then exec z; else exec x; fi"]',
        """ENTRYPOINT ["sh", "-c", "case $1 in web) exec y;; *) exec \\"$@\\";; esac"]""",
        'ENTRYPOINT ["sh", "-c", "{ cd /app; exec y; }"]',
        'ENTRYPOINT ["bash", "-o", "pipefail", "-c", "exec y"]',
        'ENTRYPOINT ["bash", "-o", "pipefail", "/entrypoint.sh"]',
        'ENTRYPOINT ["/tini-static", "-g", "--"]\nCMD ["sh", "-c", "a && b"]',
        'ENTRYPOINT ["/usr/bin/tini", "-vg", "-p", "SIGTERM", "--", "sh", "-c", "a && b"]',
        'ENTRYPOINT ["dumb-init", "sh", "-c", "a && b"]',
        # the ENTRYPOINT resets the CMD of the parent
        'ENTRYPOINT ["gunicorn"]',
    ],
)
def test_signals_reach_what_replaces_the_shell(lines):
    text = f"FROM debian AS parent\nCMD a && b\nFROM parent\n{lines}\n"

    assert str(check(text)["exec-form"]) == "passed"


@pytest.mark.parametrize(
    ("lines", "seen"),
    [
        ("CMD gunicorn shop.wsgi", "CMD gunicorn shop.wsgi"),
        ("CMD exec a && b", "CMD exec a && b"),
        ("ENTRYPOINT gunicorn", "ENTRYPOINT gunicorn"),
        ("ENTRYPOINT a\nCMD b", "ENTRYPOINT a; CMD b"),
        ('CMD ["sh", "-c", "a && b"]', 'CMD ["sh", "-c", "a && b"]'),
        ('CMD ["/bin/bash", "-lc", "gunicorn"]', 'CMD ["/bin/bash", "-lc", "gunicorn"]'),
        ('ENTRYPOINT ["env", "bash", "-c", "a; b"]', 'ENTRYPOINT ["env", "bash", "-c", "a; b"]'),
        (
            'ENTRYPOINT ["tini", "--", "sh", "-c", "a; b"]',
            'ENTRYPOINT ["tini", "--", "sh", "-c", "a; b"]',
        ),
        *(
            (f"CMD {words}", f"CMD {words}")
            for words in (
                '["/bin/bash", "-o", "pipefail", "-c", "x"]',
                '["/bin/bash", "-euo", "pipefail", "-c", "x"]',
                '["bash", "--rcfile", "x", "-c", "x"]',
                '["bash", "+o", "posix", "-c", "x"]',
                '["sh", "-c", "exec y &"]',
                '["sh", "-c", "exec y | tee log"]',
                '["sh", "-c", "(exec y)"]',
                '["sh", "-c", "if a; then exec y; else z; fi"]',
                '["sh", "-c", "case a in b) exec y;; *) z;; esac"]',
                '["sh", "-c", "while a; do exec y; done"]',
                '["sh", "-c", "exec 2>&1"]',
                '["tini", "-s", "--", "sh", "-c", "make -g"]',
            )
        ),
        (
            'ENTRYPOINT ["sh", "-c"]\nCMD ["a && b"]',
            'ENTRYPOINT ["sh", "-c"]; CMD ["a && b"]',
        ),
        (
            'ENTRYPOINT ["dumb-init", "-c", "--"]\nCMD ["sh", "-c", "a && b"]',
            'CMD ["sh", "-c", "a && b"]',
        ),
    ],
)
def test_a_shell_that_stays_keeps_the_signals(lines, seen):
    found = check(f"FROM debian\n{lines}\n")["exec-form"]

    assert (str(found), found.found) == ("failed", seen)
