"""``python -m dockerflow verify --command``: each way of not conforming is named."""

import pytest

from tests.support import container_app
from tests.support.verification import command, failures, verify

pytestmark = pytest.mark.once


def test_a_conforming_application_passes_everything_that_can_be_checked(app):
    status, outcomes, found = verify(app, "--command", command())

    assert status == 0
    assert outcomes == {
        "environment": "not checked",
        "port": "passed",
        "version-file": "passed",
        "version": "passed",
        "version-keys": "passed",
        "heartbeat": "passed",
        "lbheartbeat": "passed",
        "logs": "passed",
        "log-files": "passed",
        "static": "passed",
        "stop": "passed",
        "heartbeat-backing": "not checked",
        "heartbeat-silent": "not checked",
        "lbheartbeat-backing": "passed",
        "stays-up": "not checked",
        "recovers": "not checked",
        "app-directory": "not checked",
        "app-group": "not checked",
        "app-user": "not checked",
        "entrypoint-cmd": "not checked",
        "user": "not checked",
        "one-process": "passed",
        "mozlog": "passed",
        "optimized": "not checked",
        "port-8000": "not checked",
        "exec-form": "not checked",
    }
    assert found["version"] == "200 OK, with the content of version.json"
    assert found["static"] == "/static/app.css and what else the page / names"
    assert found["heartbeat-backing"] == "needs --backing"


@pytest.mark.parametrize(
    ("flaw", "name", "what"),
    [
        ("loopback", "port", "it listens on 127.0.0.1 only, the loopback address: nothing outs"),
        ("IPv6 loopback", "port", "it listens on ::1 only, the loopback address: nothing outside"),
        ("no version", "version", "404 Not Found"),
        ("version is text", "version", "200 OK, which is not JSON: '1.4.0'"),
        ("version is a list", "version", "200 OK, with JSON that is no object: '[\"1.4.0\"]'"),
        ("another version", "version", "200 OK, with another content than version.json"),
        ("no heartbeat", "heartbeat", "404 Not Found"),
        ("login", "heartbeat", "302 Found to /login"),
        ("heartbeat is a page", "heartbeat", "200 OK, with a page and not the result of a c"),
        ("heartbeat is broken", "heartbeat", "200 OK, with broken JSON: '{\"status\":'"),
        ("no load balancer check", "lbheartbeat", "404 Not Found"),
        ("slow load balancer check", "lbheartbeat-backing", "the fastest of 3 answers took 1.2 s"),
        ("log file", "log-files", "it writes to app.log"),
        ("no static files", "static", "/static/app.css, which the page / names: 404 Not Found"),
        ("a page for a static file", "static", "/static/app.css, which the page / names: 200 OK, "),
        ("base elsewhere", "static", "/assets/app.css, which the page / names: 404 Not Found"),
        ("ignores SIGTERM", "stop", "it was still running 2 s after SIGTERM"),
        ("no handler", "stop", "it was still running 2 s after SIGTERM: it has no handler for it"),
        ("raises SIGTERM again", "stop", "it was still running 2 s after SIGTERM"),
        ("drips", "heartbeat", "only the beginning of an answer (200) in 2 s"),
        ("two programs", "one-process", "it runs python"),
        ("text logs", "mozlog", "this line is on stdout: GET /__lbheartbeat__"),
        ("other JSON logs", "mozlog", 'this line is on stdout: {"Timestamp": '),
    ],
)
def test_one_flaw_is_one_failure(app, flaw, name, what):
    status, outcomes, found = verify(app, "--timeout", "2", "--command", command(flaw))

    assert failures(outcomes) == [name]
    assert found[name].startswith(what)
    recommended = {"one-process", "mozlog"}
    assert status == (0 if set(failures(outcomes)) <= recommended else 1)


def test_missing_keys_are_named(app):
    (app / "version.json").write_text('{"version": "1.4.0"}')

    status, outcomes, found = verify(app, "--command", command("missing keys"))

    assert (status, failures(outcomes)) == (1, ["version-keys"])
    assert found["version-keys"].split(". Expected")[0] == "source is missing"


def test_a_load_balancer_check_that_needs_the_database_fails_while_that_is_down(app):
    flaw = "load balancer check needs the database"

    status, outcomes, found = verify(app, "--command", command(flaw))

    assert (status, failures(outcomes)) == (1, ["lbheartbeat", "lbheartbeat-backing"])
    assert found["lbheartbeat-backing"] == (
        "it answers 503 Service Unavailable while the heartbeat answers 503 Service Unavailable: "
        "with a backing service down, the load balancer takes every container out"
    )


def test_a_heartbeat_that_reports_an_error_conforms(app):
    status, outcomes, found = verify(app, "--command", command("database down"))

    assert (status, failures(outcomes)) == (0, [])
    assert found["heartbeat"].startswith("503 Service Unavailable in ")


@pytest.mark.parametrize(
    ("flaw", "names", "what"),
    [
        (
            "redirect",
            ["heartbeat", "lbheartbeat", "version"],
            "301 Moved Permanently to https://example.com/",
        ),
        (
            "one page for all",
            ["heartbeat", "lbheartbeat", "static", "version"],
            "200 OK, with a page and not the result of a check: '<!doctype html>",
        ),
        (
            "another page for all",
            ["heartbeat", "lbheartbeat", "static", "version"],
            "200 OK, with a page and not the result of a check: '<!doctype html>",
        ),
        (
            "yes to all",
            ["heartbeat", "lbheartbeat", "static", "version"],
            "200 OK, as for a path that doesn't exist",
        ),
        (
            "echoes all",
            ["heartbeat", "lbheartbeat", "static", "version"],
            "200 OK, as for a path that doesn't exist",
        ),
        (
            "JSON for all",
            ["heartbeat", "lbheartbeat", "static", "version"],
            "200 OK, as for a path that doesn't exist",
        ),
        *(
            (
                flaw,
                ["heartbeat", "lbheartbeat", "version"],
                "400 Bad Request: it does not accept the host name 127.0.0.1",
            )
            for flaw in container_app.BAD_HOSTS
        ),
    ],
)
def test_what_stands_before_the_endpoints_fails_them_all(app, flaw, names, what):
    status, outcomes, found = verify(app, "--command", command(flaw))

    assert (status, failures(outcomes)) == (1, names)
    assert found["heartbeat"].startswith(what)
    assert outcomes["lbheartbeat-backing"] == "not checked"


@pytest.mark.parametrize(
    ("flaw", "what"),
    [
        ("crashes", "it ended before it answered, with exit status 1; last output: no module "),
        ("hangs", "after 2 s it did not listen on $PORT"),
        ("never answers", "it accepts connections on $PORT, but did not answer in 2 s"),
        ("another port", "after 2 s it listens on "),
    ],
)
def test_what_never_answers_fails_on_its_port_and_is_not_checked_further(app, flaw, what):
    status, outcomes, found = verify(app, "--start-timeout", "2", "--command", command(flaw))

    assert status == 1
    assert found["port"].startswith(what)
    assert set(failures(outcomes)) - {"stop"} == {"port"}
    assert found["heartbeat"] == "it did not answer on $PORT"


def test_an_application_that_dies_under_way_is_reported_with_its_last_output(app):
    status, outcomes, found = verify(app, "--command", command("dies"))

    assert status == 1
    assert failures(outcomes) == ["stop", "version"]
    assert found["version"] == "the connection was closed without an answer"
    assert found["stop"] == ("it had ended by itself, with exit status 7; last output: out of luck")


def test_a_directory_without_a_version_object_fails(tmp_path):
    status, outcomes, found = verify(tmp_path, "--command", command())

    assert (status, failures(outcomes)) == (1, ["version-file"])
    assert found["version-file"] == "there is no version.json in this directory nor in /app"


def test_a_broken_version_object_fails(app):
    (app / "version.json").write_text("{")

    status, outcomes, found = verify(app, "--command", command())

    assert (status, failures(outcomes)) == (1, ["version-file"])
    assert found["version-file"].startswith("version.json is not JSON: ")


def test_a_log_file_that_is_held_open_elsewhere_is_found(app, tmp_path_factory):
    log = tmp_path_factory.mktemp("elsewhere") / "app.log"

    status, outcomes, found = verify(app, "--command", command("open log file", log))

    assert (status, failures(outcomes)) == (1, ["log-files"])
    assert found["log-files"] == f"it writes to {log}"


def test_an_application_that_has_nothing_to_log_conforms(app):
    status, outcomes, found = verify(app, "--command", command("silent"))

    assert (status, failures(outcomes)) == (0, [])
    assert (outcomes["logs"], outcomes["mozlog"]) == ("not checked", "not checked")
    assert found["logs"] == "there was no line on stdout or stderr, and no log file either"


def test_an_application_that_logs_to_a_file_alone_does_not(app, tmp_path_factory):
    log = tmp_path_factory.mktemp("elsewhere") / "app.log"

    status, outcomes, found = verify(app, "--command", command("open log file, silent", log))

    assert (status, failures(outcomes)) == (1, ["log-files", "logs"])
    assert found["logs"] == f"there was no line on stdout or stderr, but it writes to {log}"


def test_the_log_of_npm_is_not_the_application_s(app, tmp_path_factory):
    log = tmp_path_factory.mktemp("_logs") / "_logs" / "2026-11-02T10_00_00_000Z-debug-0.log"
    log.parent.mkdir()

    status, outcomes, _ = verify(app, "--command", command("open log file", log))

    assert (status, failures(outcomes)) == (0, [])


def test_files_of_a_page_with_a_base_are_found(app):
    status, outcomes, found = verify(app, "--command", command("base"))

    assert (status, failures(outcomes)) == (0, [])
    assert found["static"] == "/static/app.css and what else the page / names"


def test_an_application_may_listen_on_ipv6_alone(app):
    status, outcomes, found = verify(app, "--command", command("IPv6 only"))

    assert (status, failures(outcomes)) == (0, [])
    assert found["port"].endswith(" s, on ::1 and not on 127.0.0.1")
