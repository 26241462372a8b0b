"""``python -m dockerflow verify --dockerfile``: what an image would be."""

import pytest

from dockerflow.cli.verify.dockerfile import check
from tests.support.command import run

pytestmark = pytest.mark.once

GOOD = """\
# syntax=docker/dockerfile:1
FROM python:3.13-slim AS build
WORKDIR /build
COPY requirements.txt .
RUN pip wheel --wheel-dir /wheels -r requirements.txt

FROM python:3.13-slim
RUN groupadd --gid 10001 app && \\
    useradd --uid 10001 --gid 10001 --home-dir /app app
WORKDIR /app
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir /wheels/*
COPY --chown=10001:10001 . .
ENV PORT=8000
EXPOSE 8000
USER app
ENTRYPOINT ["python", "-m"]
CMD ["gunicorn", "shop.wsgi"]
"""


def flaws(text):
    """Return what was found for each line that failed, by name."""
    return {name: line.found for name, line in check(text).items() if line.passed is False}


def test_a_conforming_dockerfile_passes_in_every_line():
    assert {name: (str(line), line.found) for name, line in check(GOOD).items()} == {
        "app-directory": ("passed", "COPY to /app"),
        "app-group": ("passed", "app has the id 10001"),
        "app-user": ("passed", "app has the id 10001 and is in the group app"),
        "entrypoint-cmd": ("passed", "both are there"),
        "user": ("passed", "USER app"),
        "optimized": ("passed", "nothing is first installed after all sources were copied"),
        "port-8000": ("passed", "ENV PORT=8000"),
        "exec-form": ("passed", "neither is in shell form"),
    }


@pytest.mark.parametrize(
    ("old", "new", "flaw"),
    [
        (
            "WORKDIR /app\n",
            "WORKDIR /srv/shop\n",
            {"app-directory": "the last stage copies to /wheels, /srv/shop"},
        ),
        (
            "--gid 10001 app &&",
            "--gid 1001 app &&",
            {
                "app-group": "the group app has the id 1001",
                "app-user": "the user app is not in the group app, but in 10001",
            },
        ),
        (
            "--gid 10001 app &&",
            "app &&",
            {
                "app-group": "the group app has an id of the command's choice",
                "app-user": "the user app is not in the group app, but in 10001",
            },
        ),
        ("--uid 10001", "--uid 1000", {"app-user": "the user app has the id 1000"}),
        (
            "--gid 10001 --home",
            "--gid users --home",
            {"app-user": "the user app is not in the group app, but in users"},
        ),
        (
            "groupadd --gid 10001 app",
            "true",
            {
                "app-group": (
                    "no command creates a group app; what the image python:3.13-slim holds can't "
                    "be seen"
                ),
                "app-user": "the user app is not in the group app, but in 10001",
            },
        ),
        (
            "useradd --uid 10001 --gid 10001 --home-dir /app app",
            "useradd --uid 10001 --gid users app",
            {"app-user": "the user app is not in the group app, but in users"},
        ),
        ('CMD ["gunicorn", "shop.wsgi"]\n', "", {"entrypoint-cmd": "there is no CMD"}),
        ('CMD ["gunicorn", "shop.wsgi"]\n', "CMD []\n", {"entrypoint-cmd": "there is no CMD"}),
        ('ENTRYPOINT ["python", "-m"]\n', "", {"entrypoint-cmd": "there is no ENTRYPOINT"}),
        (
            "USER app\n",
            "",
            {
                "user": (
                    "there is no USER: it is that of the image python:3.13-slim, root as a rule"
                )
            },
        ),
        ("USER app\n", "USER app\nUSER root\n", {"user": "the last USER is root"}),
        ("USER app\n", "USER nobody:app\n", {"user": "the last USER is nobody"}),
        ("EXPOSE 8000\n", "EXPOSE 8000/udp\n", {}),
        (
            'CMD ["gunicorn", "shop.wsgi"]',
            "CMD gunicorn shop.wsgi",
            {"exec-form": "CMD gunicorn shop.wsgi"},
        ),
        (
            "RUN pip install --no-cache-dir /wheels/*\nCOPY --chown=10001:10001 . .\n",
            "COPY . .\nRUN pip install -r requirements.txt\n",
            {
                "optimized": (
                    "line 12 copies all sources, line 13 installs: every change of the sources "
                    "installs everything anew"
                )
            },
        ),
        (
            "ENV PORT=8000\nEXPOSE 8000\n",
            "EXPOSE 80/tcp\n",
            {"port-8000": "EXPOSE 80"},
        ),
        (
            "ENV PORT=8000\nEXPOSE 8000\n",
            "",
            {"port-8000": "there is neither ENV PORT nor EXPOSE"},
        ),
    ],
)
def test_each_flaw_is_named_and_nothing_else(old, new, flaw):
    assert old in GOOD
    assert flaws(GOOD.replace(old, new)) == flaw


def test_a_stage_has_all_that_it_is_built_from():
    text = """\
ARG BASE=runtime
FROM debian AS Runtime
RUN useradd -u 10001 app
WORKDIR /app
ENV PORT=8000
ENTRYPOINT ["/run"]
CMD ["web"]
USER 10001:10001
FROM ${BASE}
COPY . .
"""
    assert flaws(text) == {}


@pytest.mark.parametrize(
    ("last", "flaw"),
    [
        ('ENTRYPOINT ["b"]', {"entrypoint-cmd": "there is no CMD"}),
        ('CMD ["c"]\nENTRYPOINT ["b"]', {}),
        ('ENTRYPOINT ["b"]\nCMD ["c"]', {}),
        ("ENTRYPOINT []\nCMD []", {"entrypoint-cmd": "there is no ENTRYPOINT and no CMD"}),
    ],
)
def test_an_entrypoint_takes_the_inherited_cmd_away_as_docker_does(last, flaw):
    text = GOOD.replace("FROM python:3.13-slim\n", "FROM python:3.13-slim AS web\n")

    assert flaws(f"{text}FROM web\n{last}\n") == flaw


@pytest.mark.parametrize(
    ("lines", "directory"),
    [
        (["COPY . /app"], True),
        (["COPY . /app/"], True),
        (["ADD https://example.com/a.tar.gz /app/src/"], True),
        (['COPY ["a file", "/app"]'], True),
        (["WORKDIR /app", "COPY --link --chown=app:app a b ./"], True),
        (["WORKDIR /", "WORKDIR app", "COPY . src"], True),
        (["ARG HOME=/app", "WORKDIR $HOME", "COPY . ."], True),
        (["COPY <<EOF /app/version.json", "{}", "EOF"], True),
        (["WORKDIR /app", "COPY . /srv"], False),
        (["COPY . /application"], False),
        (["COPY . app/../srv"], False),
        (["WORKDIR /app"], False),
    ],
)
def test_sources_may_be_copied_to_app_in_many_ways(lines, directory):
    found = check("FROM debian\n" + "\n".join(lines))["app-directory"]

    assert found.passed is directory


@pytest.mark.parametrize(
    ("lines", "passed"),
    [
        (["COPY . .", "RUN npm ci"], False),
        (["COPY . .", "RUN cd /app && apt-get update && apt-get -y install gcc"], False),
        (["ADD ./ /app", "RUN python -m pip install --no-cache-dir -r r.txt"], False),
        (["COPY . .", "RUN go mod download"], False),
        (["COPY r.txt .", "RUN pip install -r r.txt", "COPY . .", "RUN pip install ."], True),
        (["RUN apt-get install -y gcc", "COPY . .", "RUN pip3 install -r r.txt"], False),
        (["COPY src src", "RUN pip install -r src/r.txt"], True),
        (["COPY . .", "RUN make"], True),
    ],
)
def test_what_changes_least_comes_first(lines, passed):
    assert check("FROM debian\n" + "\n".join(lines))["optimized"].passed is passed


def test_the_command_exits_with_0_although_a_recommendation_is_not_followed(tmp_path):
    path = tmp_path / "Dockerfile"
    path.write_text(GOOD.replace('CMD ["gunicorn", "shop.wsgi"]', "CMD gunicorn shop.wsgi"))

    status, out, err = run("verify", "--dockerfile", path)

    assert (status, err) == (0, "")
    assert out.endswith(
        "\nNo requirement failed: 5 passed, 0 failed, 16 not checked; 1 of the recommendations "
        "not followed.\n"
    )


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "{path} cannot be read: No such file or directory"),
        ("", "{path}: it has no FROM"),
        ("FROM", "{path}: line 1: FROM has no argument"),
        ("FROM a\nHELLO", "{path}: Dockerfile parse error on line 2: unknown instruction: HELLO"),
        ("FROM a\nRUN <<EOF\n", "{path}: Dockerfile parse error on line 2: unterminated heredoc"),
        ("FROM a\nUSER", "{path}: line 2: USER has no argument"),
    ],
)
def test_what_is_no_dockerfile_can_not_be_verified(tmp_path, content, complaint):
    path = tmp_path / "Dockerfile"
    if content is not None:
        path.write_text(content)

    status, out, err = run("verify", "--dockerfile", path)

    assert (status, out) == (2, "")
    assert err.splitlines()[-1] == (
        f"python -m dockerflow verify: error: {complaint.format(path=path)}"
    )
