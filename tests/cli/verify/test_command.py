"""``python -m dockerflow verify --command``: each way of not conforming is named."""

import pytest

from tests.support.verification import command, failures, verify

pytestmark = pytest.mark.once


def test_a_conforming_application_passes_whatever_can_be_seen(app):
    status, outcomes, seen = verify(app, "--command", command())

    assert status == 0
    assert outcomes == {
        "environment": "not checked",
        "port": "passed",
        "version-file": "passed",
        "version": "passed",
        "version-keys": "passed",
        "heartbeat": "passed",
        "heartbeat-backing": "not checked",
        "lbheartbeat": "passed",
        "lbheartbeat-backing": "passed",
        "logs": "passed",
        "log-files": "passed",
        "static": "passed",
        "stop": "passed",
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
    assert seen["version"] == "200 OK, with the content of version.json"
    assert seen["static"] == "/static/app.css and what else the page / names"
    assert seen["heartbeat-backing"] == (
        "a heartbeat that says 200 while its database is down can't be told from outside: stop "
        "the database and look"
    )


@pytest.mark.parametrize(
    ("flaw", "name", "what"),
    [
        ("loopback", "port", "it listens on the loopback address only: nothing outside its cont"),
        ("no version", "version", "404 Not Found"),
        ("version is text", "version", "200 OK, which is not JSON: '1.4.0'"),
        ("version is a list", "version", "200 OK, with JSON that is no object: '[\"1.4.0\"]'"),
        ("another version", "version", "200 OK, with another content than version.json"),
        ("no heartbeat", "heartbeat", "404 Not Found"),
        ("login", "heartbeat", "302 Found to /login"),
        ("heartbeat is a page", "heartbeat", "200 OK, with a page where a check belongs: '<html"),
        ("heartbeat is broken", "heartbeat", "200 OK, with JSON that is none: '{\"status\":'"),
        ("no load balancer check", "lbheartbeat", "404 Not Found"),
        ("slow load balancer check", "lbheartbeat-backing", "the fastest of 3 answers took 1.2 s"),
        ("silent", "logs", "there was no line on stdout or stderr"),
        ("log file", "log-files", "it writes to app.log"),
        ("no static files", "static", "/static/app.css, which the page / names: 404 Not Found"),
        ("ignores SIGTERM", "stop", "it was still running 2 s after SIGTERM"),
        ("no handler", "stop", "it has no handler for SIGTERM: as process 1 of a container it ig"),
        ("drips", "heartbeat", "only the beginning of an answer (200) in 2 s"),
        ("two programs", "one-process", "it runs python"),
        ("text logs", "mozlog", "on stdout stood: GET /__lbheartbeat__"),
        ("other JSON logs", "mozlog", 'on stdout stood: {"Timestamp": '),
    ],
)
def test_one_flaw_is_one_failure(app, flaw, name, what):
    status, outcomes, seen = verify(app, "--timeout", "2", "--command", command(flaw))

    also = {"silent": ["mozlog"]}.get(flaw, [])
    assert failures(outcomes) == [name, *also]
    assert seen[name].startswith(what)
    recommended = {"one-process", "mozlog"}
    assert status == (0 if set(failures(outcomes)) <= recommended else 1)


def test_missing_keys_are_named(app):
    (app / "version.json").write_text('{"version": "1.4.0"}')

    status, outcomes, seen = verify(app, "--command", command("missing keys"))

    assert (status, failures(outcomes)) == (1, ["version-keys"])
    assert seen["version-keys"].split(": it is")[0] == "source is missing"


def test_a_load_balancer_check_that_needs_the_database_is_seen_while_that_is_down(app):
    flaw = "load balancer check needs the database"

    status, outcomes, seen = verify(app, "--command", command(flaw))

    assert (status, failures(outcomes)) == (1, ["lbheartbeat", "lbheartbeat-backing"])
    assert seen["lbheartbeat-backing"] == (
        "it answers 503 Service Unavailable while the heartbeat answers 503 Service Unavailable: "
        "with a backing service down, the load balancer takes every container out"
    )


def test_a_heartbeat_that_tells_an_error_conforms(app):
    status, outcomes, seen = verify(app, "--command", command("database down"))

    assert (status, failures(outcomes)) == (0, [])
    assert seen["heartbeat"].startswith("503 Service Unavailable in ")


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
            ["heartbeat", "lbheartbeat", "version"],
            "200 OK, with a page where a check belongs: '<!doctype html>",
        ),
        (
            "yes to all",
            ["heartbeat", "lbheartbeat"],
            "200 OK, but so answers a path that doesn't exist",
        ),
    ],
)
def test_what_stands_before_the_endpoints_fails_them_all(app, flaw, names, what):
    status, outcomes, seen = verify(app, "--command", command(flaw))

    assert (status, failures(outcomes)) == (1, names)
    assert seen["heartbeat"].startswith(what)


@pytest.mark.parametrize(
    ("flaw", "what"),
    [
        ("crashes", "it ended before it answered, with exit status 1; its last words: no module "),
        ("hangs", "after 2 s it did not listen on $PORT"),
        ("never answers", "it accepts connections on $PORT, but did not answer in 2 s"),
        ("another port", "after 2 s it listens on "),
    ],
)
def test_what_never_answers_fails_on_its_port_and_is_not_checked_further(app, flaw, what):
    status, outcomes, seen = verify(app, "--start-timeout", "2", "--command", command(flaw))

    assert status == 1
    assert seen["port"].startswith(what)
    assert set(failures(outcomes)) - {"stop"} == {"port"}
    assert seen["heartbeat"] == "it did not answer on $PORT"


def test_an_application_that_dies_under_way_is_told_with_its_last_words(app):
    status, outcomes, seen = verify(app, "--command", command("dies"))

    assert status == 1
    assert failures(outcomes) == ["stop", "version"]
    assert seen["version"] == "the connection was closed without an answer"
    assert seen["stop"] == (
        "it had ended by itself, with exit status 7; its last words: out of luck"
    )


def test_a_directory_without_a_version_object_is_told(tmp_path):
    status, outcomes, seen = verify(tmp_path, "--command", command())

    assert (status, failures(outcomes)) == (1, ["version-file"])
    assert seen["version-file"] == "there is no version.json in this directory nor in /app"


def test_a_broken_version_object_is_told(app):
    (app / "version.json").write_text("{")

    status, outcomes, seen = verify(app, "--command", command())

    assert (status, failures(outcomes)) == (1, ["version-file"])
    assert seen["version-file"].startswith("version.json is not JSON: ")


def test_a_log_file_that_is_held_open_elsewhere_is_found(app, tmp_path_factory):
    log = tmp_path_factory.mktemp("elsewhere") / "app.log"

    status, outcomes, seen = verify(app, "--command", command("open log file", log))

    assert (status, failures(outcomes)) == (1, ["log-files"])
    assert seen["log-files"] == f"it writes to {log}"
