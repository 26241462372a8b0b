"""``python -m dockerflow verify --dockerfile``: which stage is read, and how much of a file."""

import json
import re
import shlex
import time

import pytest

from dockerflow.cli.verify.dockerfile import check
from dockerflow.cli.verify.shell.programs import FOLLOWED
from tests.support.command import run

pytestmark = pytest.mark.once

TWO_ENDS = """\
FROM debian AS base
RUN useradd -u 10001 app
FROM base AS Web
COPY . /app
USER app
ENTRYPOINT ["gunicorn"]
CMD ["shop.wsgi"]
FROM base AS worker
USER root
"""


def verify(tmp_path, content, *words):
    path = tmp_path / "Dockerfile"
    path.write_bytes(content)
    started = time.monotonic()
    status, out, err = run("verify", "--dockerfile", path, *words)
    assert time.monotonic() - started < 30
    assert "Traceback" not in err
    return status, out, err.replace(str(path), "FILE").splitlines()[-1:]


@pytest.mark.parametrize("target", ["web", "WEB", "1"])
def test_a_stage_may_be_named(tmp_path, target):
    status, _, _ = verify(tmp_path, TWO_ENDS.encode(), "--target", target)

    assert status == 0


def test_without_a_name_it_is_the_last_stage(tmp_path):
    status, out, _ = verify(tmp_path, TWO_ENDS.encode())

    assert status == 1
    assert "the last USER is root" in out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (
            ["--target", "shop"],
            "FILE: it has no stage 'shop'; its stages: base, web, worker",
        ),
        (["--target", ""], "FILE: it has no stage ''; its stages: base, web, worker"),
    ],
)
def test_a_stage_that_is_not_there_is_a_wrong_usage(tmp_path, words, complaint):
    assert verify(tmp_path, TWO_ENDS.encode(), *words) == (
        2,
        "",
        [f"python -m dockerflow verify: error: {complaint}"],
    )


def test_a_stage_without_a_dockerfile_is_a_wrong_usage():
    status, _, err = run("verify", "http://127.0.0.1:1/", "--target", "web")

    assert status == 2
    assert err.splitlines()[-1] == (
        "python -m dockerflow verify: error: --target goes with --dockerfile only"
    )


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + TWO_ENDS.encode(),
        TWO_ENDS.encode().replace(b"\n", b"\r\n"),
        b"# caf\xe9\n" + TWO_ENDS.encode(),
        TWO_ENDS.encode().replace(b"RUN ", b"RUN echo caf\xe9 \xff\xfe && "),
        TWO_ENDS.encode().replace(b"COPY . ", b"COPY caf\xe9 "),
    ],
)
def test_a_dockerfile_is_bytes_of_any_encoding(tmp_path, content):
    status, out, _ = verify(tmp_path, content, "--target", "web")

    assert (status, "5 passed, 0 failed" in out) == (0, True)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (
            b"FROM a\nENV A=aa\n" + 25 * b"ENV A=$A$A\n",
            (
                "FILE: line 18: a value grows beyond 128 KiB, and no process could have it in its "
                "environment"
            ),
        ),
        (
            b"FROM a\nARG A=aa\n" + 25 * b"ARG A=${A}${A}\n",
            (
                "FILE: line 18: a value grows beyond 128 KiB, and no process could have it in its "
                "environment"
            ),
        ),
        (b"FROM a\n#" + (1 << 20) * b"x", "FILE: it is larger than 1 MiB"),
        (b"\xff\xfeF\0R\0O\0M\0", None),
        (b"", "FILE: it has no FROM"),
        (b"FROM a\nRUN " + 3000 * b"[" + 3000 * b"]", None),
        (b"FROM a\nONBUILD HELLO", None),
    ],
)
def test_what_is_no_dockerfile_is_named_in_a_sentence(tmp_path, content, complaint):
    status, out, (line,) = verify(tmp_path, content)

    assert (status, out) == (2, "")
    assert line.startswith("python -m dockerflow verify: error: FILE: ")
    if complaint:
        assert line == f"python -m dockerflow verify: error: {complaint}"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("COPY x", "COPY takes at least two arguments"),
        ('ADD ["x"]', "ADD takes at least two arguments"),
        ("COPY --foo=bar a b", "COPY has no flag --foo"),
        ("ADD --from=x a b", "ADD has no flag --from"),
        ("RUN --foo x", "RUN has no flag --foo"),
        ("CMD --foo x", "CMD has no flag --foo"),
        ("RUN []", "RUN has no argument"),
        ("SHELL []", "SHELL has no argument"),
        ("VOLUME []", "VOLUME has no argument"),
        ("SHELL bash", "SHELL takes a JSON array"),
        ("EXPOSE foo", "EXPOSE takes ports, not 'foo'"),
        ("EXPOSE 80 8000-x", "EXPOSE takes ports, not '8000-x'"),
        ("EXPOSE 80/http", "EXPOSE takes ports, not '80/http'"),
        ("EXPOSE \u0668000", "EXPOSE takes ports, not '\u0668000'"),
        ("ARG P=x\nEXPOSE $P", "EXPOSE takes ports, not 'x'"),
        ("ONBUILD", "ONBUILD has no argument"),
        ("ONBUILD FROM x", "ONBUILD takes no FROM"),
        ("ONBUILD ONBUILD RUN x", "ONBUILD takes no ONBUILD"),
        ("FROM a b", "FROM takes an image, or an image AS a name"),
        ("FROM a IS b", "FROM takes an image, or an image AS a name"),
        ("FROM a b c d", "FROM takes an image, or an image AS a name"),
    ],
)
def test_an_instruction_that_docker_refuses_is_named_with_its_line(line, reason):
    number = 2 + line.count("\n")
    with pytest.raises(ValueError, match=f"^{re.escape(f'line {number}: {reason}')}$"):
        check(f"FROM debian\n{line}\n")


def test_what_stands_before_from_is_refused():
    with pytest.raises(ValueError, match=r"^line 2: RUN stands before the first FROM$"):
        check("ARG A=1\nRUN x\nFROM debian\n")


@pytest.mark.parametrize(
    "line",
    [
        "COPY --chmod=644 --link --parents --exclude=x a b",
        "ADD --keep-git-dir=true --checksum=sha256:1 --unpack=true https://h/a.git b",
        "RUN --mount=type=cache,target=/x --network=none --security=insecure --device=x y",
        "FROM --platform=linux/amd64 debian as x",
        "HEALTHCHECK --interval=5s --start-interval=1s --retries=1 CMD x",
        "WORKDIR a b",
        "EXPOSE 127.0.0.1:80:8000/sctp [::1]::53/UDP $UNKNOWN",
        "ENTRYPOINT []",
        "COPY <<EOF /d\na\nEOF",
        "ONBUILD RUN x",
    ],
)
def test_what_docker_takes_is_read(line):
    assert set(check(f"FROM debian\n{line}\n")) >= {"app-group", "port-8000"}


@pytest.mark.parametrize(
    "words", [[], ["0"], ["\u00b2"], ["-"], ["--", "01"], ["01", "\0", "$1"], ["-c", "shift ²"]]
)
def test_any_call_of_any_program_is_followed(words):
    """Such as RUN ["exit", "0"], and "shift" where the environment has odd names."""
    names = [*sorted(FOLLOWED), "unknown", ""]
    arrays = [f"RUN {json.dumps([name, *words])}" for name in names]
    shown = " ".join(map(shlex.quote, words)).replace("\0", "")
    scripts = [f"RUN {name or 'true'} {shown}; shift 2; echo $@" for name in names]
    lines = ["FROM debian", "ENV 01=x 1=y \u00b2=z", *arrays, *scripts]

    assert set(check("\n".join(lines))) >= {"app-group", "port-8000"}


@pytest.mark.parametrize(
    "script",
    [
        "a=aa; " + 25 * "a=$a$a; " + "useradd -u $a app",
        "f() { f; }; f; useradd -u 10001 app",
        "for a in 1 2 3 4 5 6 7 8 9 0; do " * 6 + "useradd -u 10001 app; " + "done; " * 6,
        "$(" * 3000 + "useradd app" + ")" * 3000,
        "(" * 3000 + "useradd app" + ")" * 3000,
        "[" * 500 + " useradd",  # as many as Python 3.11 reads
        "sh -c 'sh -c \"useradd -u 10001 app'",
        "eval eval eval eval '\"useradd\" -u 10001 app' '$('",
        'x=\'eval "$x"; useradd app\'; eval "$x"',
        "echo ${X:} && useradd -u 10001 app",
    ],
)
def test_a_script_that_is_too_much_or_none_is_not_checked(script):
    started = time.monotonic()
    found = check(f"FROM registry.example/base\nRUN {script}\n")

    assert str(found["app-user"]) == "not checked"
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("FROM a\nCOPY --from=0 / /", "passed"),
        ("FROM a\nCOPY --from=0 /app /app", "passed"),
        ("FROM a\nCOPY --from=0 /app/dist /srv", "failed"),
        ("FROM a\nCOPY --from=0 /usr /usr", "failed"),
        ("FROM a\nCOPY --from=x / /", "not checked"),
        ("FROM a\nCOPY . /", "not checked"),
        ("FROM a\nADD root.tar.xz /", "not checked"),
        ("FROM a\nCOPY run.sh /", "failed"),
        ("FROM a\nRUN git clone https://h/o/r /app", "not checked"),
        ("FROM a\nWORKDIR /app\nRUN git clone https://h/o/r .", "not checked"),
        ("FROM a\nRUN curl https://h/a.tgz | tar -xz -C /app", "not checked"),
        ("FROM a\nRUN tar -xzf /tmp/a.tgz -C/app", "not checked"),
        ("FROM a\nWORKDIR /app\nRUN unzip /tmp/a.zip", "not checked"),
        ("FROM a\nWORKDIR /srv\nRUN unzip /tmp/a.zip", "failed"),
        ("FROM a\nCOPY . /src\nRUN mv /src /app", "not checked"),
        ("FROM a\nCOPY . /src\nRUN mv /src /srv", "failed"),
        ("FROM a\nCOPY . $HOME_OF_APP", "not checked"),
        ("FROM a\nWORKDIR $DIR\nCOPY . .", "not checked"),
    ],
)
def test_sources_may_come_to_app_in_other_ways(lines, expected):
    text = f"FROM a\nWORKDIR /app\nCOPY . .\nRUN make\n{lines}\n"

    assert str(check(text)["app-directory"]) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("USER app", "passed"),
        ("USER app:app", "passed"),
        ("USER 10001:10001", "passed"),
        ("ARG U=app\nUSER $U", "passed"),
        ("ARG U=10001 G=10001\nUSER ${U}:${G}", "passed"),
        ("USER ${U:-app}", "passed"),
        ("USER $APP_UID", "not checked"),
        ("USER ${APP_UID}:app", "not checked"),
        ("ARG U\nUSER $U", "not checked"),
        ("USER root", "failed"),
        ("USER 1000", "failed"),
    ],
)
def test_the_user_may_come_from_a_variable(lines, expected):
    assert str(check(f"FROM a\n{lines}\n")["user"]) == expected
