"""``python -m dockerflow rollout``: when a deploy is done, against real servers."""

import json
import signal
import subprocess
import time

import pytest

from dockerflow.conf import conf
from tests.support.command import ENVIRONMENT, arguments, run
from tests.support.deploys import NEW, OLD, PASSING, Deployed, certificate
from tests.support.process import unused_port

pytestmark = pytest.mark.once

COMMIT = f"--commit={NEW['commit']}"
ONCE = (COMMIT, "--times=1")
SECRET = "a secret of printable ASCII characters without blanks"
NO_HEADER = f"holds blanks or characters that no Authorization header can carry. Expected {SECRET}."
DONE = "it is the new build, and works"


@pytest.fixture
def server():
    with Deployed() as deployed:
        yield deployed


def failing(check="check_redis_connected", text="cannot connect"):
    return 500, {
        "status": "error",
        "checks": {"check_database_connected": "ok", check: "error"},
        "details": {check: {"status": "error", "level": 40, "messages": {"E001": text}}},
    }


def first_line(url, *words, **variables):
    """Return the first fault that it prints."""
    process = subprocess.Popen(
        arguments("rollout", url, *words),
        env={**ENVIRONMENT, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    line = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=10) == ("", "interrupted\n")
    assert process.returncode == 130
    return line.removeprefix(f"{url}: ").rstrip("\n")


def test_it_is_done_when_the_new_build_answers_and_works(server):
    assert run("rollout", server.url, *ONCE) == (
        0,
        f"{server.url}: {DONE}\n",
        "",
    )
    assert server.seen == ["/__version__", "/__heartbeat__"]


@pytest.mark.parametrize(
    "words",
    [
        [f"--version={NEW['version']}"],
        [f"--build={NEW['build']}"],
        [f"--commit={NEW['commit'][:7]}", f"--version={NEW['version']}"],
        [f"--commit={NEW['commit'].upper()}"],
    ],
)
def test_the_build_may_be_named_by_any_key(server, words):
    assert run("rollout", server.url, "--times=1", *words)[0] == 0


def test_a_server_may_abbreviate_its_commit(server):
    server.version = {**NEW, "commit": NEW["commit"][:8]}

    assert run("rollout", server.url, *ONCE)[0] == 0


def test_without_an_option_it_is_the_build_of_the_version_object_beside_it(server, tmp_path):
    (tmp_path / "version.json").write_text(json.dumps(NEW))

    assert run("rollout", server.url, "--times=1", cwd=tmp_path)[0] == 0

    server.version = {**NEW, "build": OLD["build"]}
    status, _, err = run("rollout", server.url, "--timeout=0.5", cwd=tmp_path)

    assert (status, err) == (
        1,
        f'not done after 0.5 s:\n{server.url}: build is "{OLD["build"]}", not "{NEW["build"]}"\n',
    )


def test_each_endpoint_answers_so_many_times_in_a_row_on_new_connections(server):
    assert run("rollout", f"{server.url}/shop/", COMMIT, "--times=4")[0] == 0
    assert server.seen == 4 * ["/shop/__version__"] + 4 * ["/shop/__heartbeat__"]
    assert len(set(server.peers)) == 8


def test_one_wrong_answer_starts_the_count_again(server):
    server.answers = [(200, NEW), (200, NEW), (200, OLD)]

    status, out, _ = run("rollout", server.url, COMMIT, "--times=3")

    assert status == 0
    assert out.splitlines() == [
        f'{server.url}: commit is "{OLD["commit"]}", not "{NEW["commit"]}"',
        f"{server.url}: {DONE}",
    ]
    assert len(server.seen) == 3 + 6


@pytest.mark.parametrize(
    ("path", "answer", "said"),
    [
        ("version", (404, {}), "/__version__ answers 404 Not Found"),
        ("version", (200, b"<html>"), "/__version__ does not answer with a JSON object"),
        ("version", (200, b"[]"), "/__version__ does not answer with a JSON object"),
        ("version", (200, b"[" * 100_000), "/__version__ does not answer with a JSON object"),
        ("version", (200, {"commit": None}), f'commit is null, not "{NEW["commit"]}"'),
        ("version", (200, {}), f'commit is missing, not "{NEW["commit"]}"'),
        (
            "version",
            (200, {"commit": "\x1b[2J\nhush" + 999 * "x"}),
            'commit is "\\u001b[2J\\nhush' + 271 * "x" + "...",
        ),
        (
            "version",
            (302, {"location": "/login"}),
            "/__version__ answers 302 Found to /login",
        ),
        ("heartbeat", (503, b"starting"), "/__heartbeat__ answers 503 Service Unavailable"),
        (
            "heartbeat",
            (500, {"status": "error"}),
            (
                "/__heartbeat__ answers 500 Internal Server Error (error); with --token it says "
                "which check"
            ),
        ),
        (
            "heartbeat",
            (302, {"location": "/login"}),
            "/__heartbeat__ answers 302 Found to /login",
        ),
        (
            "heartbeat",
            (503, {"status": "draining"}),
            "/__heartbeat__ answers 503 Service Unavailable (draining)",
        ),
        (
            "heartbeat",
            (200, b"<html>"),
            "/__heartbeat__ answers 200 OK, with a page and not the result of a check",
        ),
        (
            "heartbeat",
            failing(text="no answer of redis://:hush@h"),
            (
                "/__heartbeat__ answers 500 Internal Server Error (check_redis_connected: error: "
                "no answer of redis://***@h)"
            ),
        ),
        (
            "heartbeat",
            failing(),
            (
                "/__heartbeat__ answers 500 Internal Server Error (check_redis_connected: error: "
                "cannot connect)"
            ),
        ),
    ],
)
def test_what_holds_it_up_is_named(server, path, answer, said):
    if path == "version":
        server.answers = 50 * [answer]
    else:
        server.heartbeat = answer

    assert first_line(server.url, *ONCE) == said


def test_a_token_that_shows_no_details_is_named(server):
    server.heartbeat = 500, {"status": "error"}

    assert first_line(server.url, *ONCE, "--token=hush") == (
        "/__heartbeat__ answers 500 Internal Server Error (error); it shows no details for this "
        "token"
    )


def test_it_waits_until_the_server_is_there_and_its_checks_pass(server):
    server.heartbeat = failing()
    server.answers = [(404, {})]
    started = time.monotonic()

    status, out, _ = run("rollout", server.url, *ONCE, "--timeout=2.5")

    assert (status, time.monotonic() - started < 10) == (1, True)
    assert out.count("check_redis_connected") == 1

    server.heartbeat = PASSING
    assert run("rollout", server.url, *ONCE)[0] == 0


def test_all_urls_must_be_done(server):
    nowhere = f"http://127.0.0.1:{unused_port()}"

    status, out, err = run("rollout", server.url, nowhere, *ONCE, "--timeout=2.5")

    assert status == 1
    assert f"{server.url}: {DONE}\n" in out
    assert err == (
        "not done after 2.5 s:\n"
        f"{nowhere}: /__version__: connection refused, nothing listens there\n"
    )


@pytest.mark.parametrize("words", [[], ["--timeout=2.5"]])
def test_the_end_as_json(server, words):
    if words:
        server.heartbeat = failing()

    status, out, err = run("rollout", server.url, *ONCE, "--json", *words)
    report = json.loads(out)

    assert (status, err) == (bool(words), "")
    assert 0 <= report.pop("seconds") < 5
    assert report == {
        "done": not words,
        "expected": {"commit": NEW["commit"]},
        "urls": [
            {
                "url": server.url,
                "text": DONE
                if not words
                else "/__heartbeat__ answers 500 Internal Server Error (check_redis_connected: "
                "error: cannot connect)",
                "done": not words,
                "right": 0 if words else 2,
                "version": NEW,
            }
        ],
    }


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "the following arguments are required: URL"),
        (["h:1", COMMIT], "'h:1' is not an http or https URL; write http://h:1"),
        (
            ["http://h/?tenant=a", COMMIT],
            (
                "'http://h/?tenant=a' has a query or a fragment; give the address below which"
                " /__version__ is"
            ),
        ),
        (
            ["http://h/#top", COMMIT],
            (
                "'http://h/#top' has a query or a fragment; give the address below which"
                " /__version__ is"
            ),
        ),
        (
            ["http://me:#hush@h/", COMMIT],
            ("the URL has a query or a fragment; give the address below which /__version__ is"),
        ),
        (["ftp://h", COMMIT], "'ftp://h' is not an http or https URL"),
        (["http://me:hush@h", COMMIT], "a URL with a user or a password can't be requested"),
        (["http://h:x", COMMIT], "'http://h:x' has a port that is no number from 0 to 65535"),
        (["http://h", "--commit="], "--commit is empty: is the variable set?"),
        (
            ["http://h", "--commit=main"],
            (
                'commit is "main". Expected the hash of the commit that was built, 7 to 64 '
                "hexadecimal digits."
            ),
        ),
        (
            ["http://h"],
            "which build? Give --commit, --version or --build, or run beside version.json",
        ),
        (["http://h", COMMIT, "--times=0"], "argument --times: '0' is not a number from 1 to 1000"),
        (
            ["http://h", COMMIT, "--token=hu\nsh"],
            f"--token: (hidden) {NO_HEADER}",
        ),
        (
            ["http://h", COMMIT, "--token="],
            f"--token: (hidden) is blank. Expected {SECRET}.",
        ),
    ],
)
def test_a_wrong_usage_is_named(tmp_path, words, complaint):
    status, out, err = run("rollout", *words, cwd=tmp_path)

    assert (status, out) == (2, "")
    assert err.splitlines()[-1] == f"python -m dockerflow rollout: error: {complaint}"


@pytest.mark.parametrize("content", ["{}", "[]", "nonsense"])
def test_a_version_object_that_is_none_is_a_wrong_usage(tmp_path, content):
    (tmp_path / "version.json").write_text(content)

    status, _, err = run("rollout", "http://h", cwd=tmp_path)

    assert (status, "version.json" in err.splitlines()[-1]) == (2, True)


@pytest.mark.parametrize("way", ["option", "variable", "file"])
def test_the_token_goes_to_the_heartbeat_and_is_not_shown(server, tmp_path, way):
    (tmp_path / "token").write_text("hush\n")
    words, variables = [], {}
    if way == "option":
        words = ["--token", "hush"]
        variables = {"DOCKERFLOW_HEARTBEAT_TOKEN": "another"}
    elif way == "variable":
        variables = {"DOCKERFLOW_HEARTBEAT_TOKEN": "hush"}
    else:
        variables = {"DOCKERFLOW_HEARTBEAT_TOKEN_FILE": str(tmp_path / "token")}

    status, out, err = run("rollout", server.url, *ONCE, *words, **variables)

    assert status == 0
    assert [headers["Authorization"] for headers in server.headers] == [None, "Bearer hush"]
    assert "hush" not in out + err


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        (
            {"DOCKERFLOW_HEARTBEAT_TOKEN_FILE": "/nowhere/token"},
            (
                "DOCKERFLOW_HEARTBEAT_TOKEN_FILE (environment): '/nowhere/token' cannot be read: No"
                " such file or directory. Expected the path of a file that holds the secret."
            ),
        ),
        (
            {"DOCKERFLOW_HEARTBEAT_TOKEN_FILE": "hush"},
            (
                "DOCKERFLOW_HEARTBEAT_TOKEN_FILE (environment): (hidden) cannot be read: No such"
                " file or directory. Expected the path of a file that holds the secret."
            ),
        ),
        (
            {"DOCKERFLOW_HEARTBEAT_TOKEN": '"hush"'},
            (
                "DOCKERFLOW_HEARTBEAT_TOKEN (environment): (hidden) is enclosed in quotes; write"
                f" the value without quotes. Expected {SECRET}."
            ),
        ),
        (
            {"DOCKERFLOW_HEARTBEAT_TOKEN": "hush hush"},
            f"DOCKERFLOW_HEARTBEAT_TOKEN (environment): (hidden) {NO_HEADER}",
        ),
        (
            {"DOCKERFLOW_HEARTBEAT_TOKEN": "hush", "DOCKERFLOW_HEARTBEAT_TOKEN_FILE": "/hush"},
            (
                "DOCKERFLOW_HEARTBEAT_TOKEN and DOCKERFLOW_HEARTBEAT_TOKEN_FILE (environment) are"
                " both set. Set one."
            ),
        ),
        (
            {"DOCKERFLOW_HEARTBEAT_TOKEN_FILE": "/dev/null"},
            (
                "DOCKERFLOW_HEARTBEAT_TOKEN (DOCKERFLOW_HEARTBEAT_TOKEN_FILE, /dev/null): (hidden)"
                f" is blank. Expected {SECRET}."
            ),
        ),
    ],
)
def test_a_bad_token_is_what_the_setting_of_that_name_says(monkeypatch, variables, complaint):
    status, _, err = run("rollout", "http://h", COMMIT, **variables)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert (status, err.splitlines()[-1]) == (
        2,
        f"python -m dockerflow rollout: error: {complaint}",
    )
    assert complaint in conf.problems()


@pytest.mark.parametrize(
    ("content", "is_enough"),
    [
        ({"source": "https://h/r", "version": ""}, False),
        ({"source": "https://h/r", "version": " "}, False),
        ({"source": "https://h/r"}, False),
        ({"source": NEW["source"], "version": NEW["version"]}, True),
        ({"version": "", "commit": NEW["commit"]}, True),
    ],
)
def test_a_version_object_must_say_which_build_it_is(server, tmp_path, content, is_enough):
    (tmp_path / "version.json").write_text(json.dumps(content))
    server.version = {**NEW, **content}

    status, _, err = run("rollout", server.url, "--times=1", cwd=tmp_path)

    refusal = "python -m dockerflow rollout: error: version.json does not say which build it is"
    assert (status, err.splitlines()[-1:]) == ((0, []) if is_enough else (2, [refusal]))


def test_a_redirect_is_not_followed_with_the_token(server):
    with Deployed() as elsewhere:
        server.heartbeat = 302, {"location": f"{elsewhere.url}/__heartbeat__"}

        line = first_line(server.url, *ONCE, "--token=hush")

        assert line == f"/__heartbeat__ answers 302 Found to {elsewhere.url}/__heartbeat__"
        assert elsewhere.seen == []


def test_a_certificate_is_verified(tmp_path):
    path = certificate(tmp_path)
    with Deployed(tls=path) as server:
        assert "its certificate is not trusted" in first_line(server.url, *ONCE)
        assert server.seen == []
        assert run("rollout", server.url, *ONCE, SSL_CERT_FILE=str(path))[0] == 0


@pytest.mark.parametrize(
    ("variables", "asked"),
    [
        (
            {"http_proxy": "{}"},
            ["http://shop.invalid/__version__", "http://shop.invalid/__heartbeat__"],
        ),
        ({"http_proxy": "{}", "no_proxy": "shop.invalid"}, []),
    ],
)
def test_the_proxies_of_the_environment_are_used(server, variables, asked):
    variables = {name: value.format(server.url) for name, value in variables.items()}

    status, *_ = run("rollout", "http://shop.invalid", *ONCE, "--timeout=1", **variables)

    assert (status, server.seen) == (0 if asked else 1, asked)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_does_not_answer_is_named_without_its_password(scheme):
    proxy = f"http://me:hush@127.0.0.1:{unused_port()}"

    line = first_line(f"{scheme}://shop.invalid", *ONCE, **{f"{scheme}_proxy": proxy})

    assert line == (
        "/__version__: connection refused, nothing listens there (through the proxy of "
        f"{scheme.upper()}_PROXY)"
    )
