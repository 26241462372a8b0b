"""/__heartbeat__: what decides its status, and who gets details."""

import logging
from unittest import mock

import pytest
from django.test import override_settings

from dockerflow.heartbeat import Heartbeat, Report
from tests.support.browser import BROWSERS


def samples(*names):
    return [f"tests.support.sample_checks.{name}" for name in names]


@pytest.fixture(params=BROWSERS)
def ask(request, wiring):
    """Asks for a heartbeat, in four ways; what took how long is taken out of the answer."""

    def ask(query="", **headers):
        response = BROWSERS[request.param](f"/__heartbeat__?{query}", **headers)
        body = response.json()
        for details in body.get("details", {}).values():
            assert details.pop("duration_ms") >= 0
        return response.status_code, body

    return ask


LEVELS = {
    "passes": "ok",
    "debugs": "debug",
    "informs": "info",
    "warns": "warning",
    "fails": "error",
    "collapses": "critical",
}


@pytest.mark.parametrize(
    ("fail_level", "passing"),
    [
        (None, ["passes", "debugs", "informs"]),
        ("debug", ["passes"]),
        ("info", ["passes", "debugs"]),
        ("warning", ["passes", "debugs", "informs"]),
        ("error", ["passes", "debugs", "informs", "warns"]),
        ("critical", ["passes", "debugs", "informs", "warns", "fails"]),
    ],
)
def test_the_fail_level_decides_which_message_is_a_failure(ask, settings, fail_level, passing):
    settings.DOCKERFLOW_HEARTBEAT_FAIL_LEVEL = fail_level
    answers = {}
    for name in LEVELS:
        settings.DOCKERFLOW_CHECKS = samples(name)
        answers[name] = ask()

    assert answers == {
        name: (200 if name in passing else 500, {"status": status})
        for name, status in LEVELS.items()
    }


def test_the_status_of_a_failed_heartbeat_is_a_choice(ask, settings):
    settings.DOCKERFLOW_CHECKS = samples("fails")
    settings.DOCKERFLOW_HEARTBEAT_FAILED_STATUS_CODE = 503

    assert ask() == (503, {"status": "error"})


def test_the_worst_required_check_decides(ask, settings):
    settings.DOCKERFLOW_CHECKS = samples("passes", "warns", "informs")

    assert ask() == (500, {"status": "warning"})


def test_without_checks_all_is_well(ask, settings):
    settings.DOCKERFLOW_CHECKS = []
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"

    assert ask() == (200, {"status": "ok", "checks": {}, "details": {}})


def test_an_optional_check_is_shown_and_decides_nothing(ask, settings):
    settings.DOCKERFLOW_CHECKS = samples("passes")
    settings.DOCKERFLOW_OPTIONAL_CHECKS = samples("fails")
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"

    assert ask() == (
        200,
        {
            "status": "ok",
            "checks": {"passes": "ok", "fails": "error"},
            "details": {
                "passes": {"status": "ok", "level": 0, "messages": {}},
                "fails": {
                    "status": "error",
                    "level": 40,
                    "messages": {"tests.E001": "down"},
                    "optional": True,
                },
            },
        },
    )


def test_a_check_that_is_required_too_is_not_optional(ask, settings):
    settings.DOCKERFLOW_CHECKS = settings.DOCKERFLOW_OPTIONAL_CHECKS = samples("fails")

    assert ask() == (500, {"status": "error"})


@pytest.mark.parametrize("name", ["awaits", "decorated"])
def test_an_async_check_is_awaited(ask, settings, name):
    settings.DOCKERFLOW_CHECKS = samples(name)
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"

    assert ask() == (
        500,
        {
            "status": "warning",
            "checks": {name: "warning"},
            "details": {
                name: {"status": "warning", "level": 30, "messages": {"tests.W002": "awaited"}}
            },
        },
    )


@pytest.mark.parametrize("name", ["warns", "awaits", "decorated"])
def test_a_silenced_message_decides_nothing(ask, settings, name):
    settings.DOCKERFLOW_CHECKS = samples(name)
    settings.SILENCED_SYSTEM_CHECKS = ["tests.W001", "tests.W002"]

    assert ask() == (200, {"status": "ok"})


def test_a_check_without_a_name_has_that_of_its_path(ask, settings):
    settings.DOCKERFLOW_CHECKS = samples("nameless")
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"

    status, body = ask()
    assert (status, body["checks"]) == (500, {"nameless": "warning"})


def test_a_check_can_be_replaced_in_a_test(ask, settings):
    settings.DOCKERFLOW_CHECKS = samples("fails")
    with mock.patch("tests.support.sample_checks.fails", return_value=[]):
        assert ask() == (200, {"status": "ok"})
    assert ask() == (500, {"status": "error"})


def test_messages_that_share_an_id_keep_all_their_texts(ask, settings):
    settings.DOCKERFLOW_CHECKS = samples("repeats_itself")
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"
    _, body = ask()

    assert body["details"] == {
        "repeats_itself": {
            "status": "error",
            "level": 40,
            "messages": {"tests.W001": "beware\nagain", "tests.E001": "down"},
        }
    }


def test_checks_that_share_a_name_are_shown_by_their_paths(ask, settings):
    settings.DOCKERFLOW_CHECKS = [
        "tests.support.sample_checks.passes",
        "tests.support.fault_checks.passes",
        "tests.support.sample_checks.informs",
    ]
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"
    _, body = ask()

    assert body["checks"] == {
        "tests.support.sample_checks.passes": "ok",
        "tests.support.fault_checks.passes": "ok",
        "informs": "info",
    }


def test_a_silenced_message_is_not_shown(ask, settings):
    settings.DOCKERFLOW_CHECKS = samples("repeats_itself")
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"
    settings.SILENCED_SYSTEM_CHECKS = ["tests.E001"]
    _, body = ask()

    assert (body["status"], body["details"]["repeats_itself"]["messages"]) == (
        "warning",
        {"tests.W001": "beware\nagain"},
    )


def test_a_check_that_raises_or_answers_nothing_hides_no_other(ask, settings):
    names = ["gives_away_a_password", "answers_nothing", "forgets_to_await", "warns"]
    settings.DOCKERFLOW_CHECKS = samples(*names)
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"
    status_code, body = ask()

    assert (status_code, body["status"]) == (500, "critical")
    assert {name: details["messages"] for name, details in body["details"].items()} == {
        "gives_away_a_password": {
            "dockerflow.health.C002": "gives_away_a_password raised"
            " OSError: cannot reach postgres://***@db"
        },
        "answers_nothing": {
            "dockerflow.health.C003": "answers_nothing returned NoneType,"
            " expected a list of messages"
        },
        "forgets_to_await": {
            "dockerflow.health.C003": "forgets_to_await returned Task, expected a list of messages"
        },
        "warns": {"tests.W001": "beware"},
    }


# Who sees details


@pytest.mark.parametrize(
    ("choice", "debug", "seen"),
    [
        ("debug", False, False),
        ("debug", True, True),
        ("always", False, True),
        ("always", True, True),
        ("never", False, False),
        ("never", True, False),
    ],
)
def test_the_setting_says_who_sees_details(ask, settings, choice, debug, seen):
    settings.DOCKERFLOW_CHECKS = samples("gives_away_a_password")
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = choice
    settings.DEBUG = debug
    _, body = ask()

    if seen:
        assert set(body) == {"status", "checks", "details"}
    else:
        assert body == {"status": "critical"}


@pytest.mark.parametrize(
    ("header", "seen"),
    [
        ("Bearer s3cret", True),
        ("bearer s3cret", True),
        ("Bearer   s3cret ", True),
        ("Bearer s3cre", False),
        ("Bearer s3crett", False),
        ("Bearer S3CRET", False),
        ("Bearer", False),
        ("Bearer ", False),
        ("", False),
        ("s3cret", False),
        ("Basic s3cret", False),
        ("Token s3cret", False),
        ("Bearer s3cr\xe9t", False),
        ("Basic \xe9", False),
        ("Basic =", False),
        ("Basic gIA6", False),  # no UTF-8
        ("Basic OnMzY3JldA==", True),
        ("Bearer None", False),
    ],
)
def test_whoever_has_the_token_sees_details(ask, settings, header, seen):
    settings.DOCKERFLOW_CHECKS = samples("passes")
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "never"
    settings.DOCKERFLOW_HEARTBEAT_TOKEN = "s3cret"
    _, body = ask(authorization=header)

    assert ("details" in body) is seen


def test_whatever_an_anonymous_client_sends_is_answered_and_not_logged(ask, settings, log):
    settings.DOCKERFLOW_CHECKS = samples("passes")
    settings.DOCKERFLOW_HEARTBEAT_TOKEN = "s3cret"
    accepts = [
        "text/html; x*=bogus''%41",
        "text/html; x*=utf-8'%ff",
        "text/html;" + "a" * 10_001,
        "application/openmetrics-text;version=x, text/plain;version=\xe9",
        "\xff",
    ]
    for accept in accepts:
        assert ask(accept=accept) == (200, {"status": "ok"})
    for authorization in ["Basic \xe9", "Bearer \xff\xfe", "\xff", "Basic"]:
        assert ask(authorization=authorization) == (200, {"status": "ok"})
    for query in ["a&" * 1003, "%", "%FF=%00", "\xe9", "detail", "x=details"]:
        assert ask(query=query) == (200, {"status": "ok"})
    assert list(log) == []


def test_a_query_of_very_many_fields_may_ask_for_details(ask, settings):
    settings.DOCKERFLOW_CHECKS = samples("passes")
    settings.DOCKERFLOW_HEARTBEAT_TOKEN = "s3cret"
    status, _ = ask(query="a&" * 1003 + "details=1")

    assert status == 401


@pytest.mark.parametrize("header", ["Bearer ", "Bearer None", "Bearer", ""])
def test_where_no_token_is_set_none_fits(ask, settings, header):
    settings.DOCKERFLOW_CHECKS = samples("passes")

    assert ask(authorization=header) == (200, {"status": "ok"})


# Draining


def test_while_the_drain_file_exists_the_heartbeat_fails(ask, settings, tmp_path):
    settings.DOCKERFLOW_CHECKS = samples("passes")
    settings.DOCKERFLOW_HEARTBEAT_FAILED_STATUS_CODE = 503
    settings.DOCKERFLOW_DRAIN_FILE = tmp_path / "drain"
    answers = [ask()]
    settings.DOCKERFLOW_DRAIN_FILE.touch()
    answers.append(ask())
    settings.DOCKERFLOW_DRAIN_FILE.unlink()
    answers.append(ask())

    assert answers == [
        (200, {"status": "ok"}),
        (503, {"status": "draining"}),
        (200, {"status": "ok"}),
    ]


DRAINING = "Draining: {} exists, so the heartbeat fails until it is removed"
NO_LONGER_DRAINING = "No longer draining: {} is gone"


def test_draining_is_logged_when_it_starts_and_when_it_ends(ask, settings, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    settings.DOCKERFLOW_CHECKS = samples("passes")
    settings.DOCKERFLOW_DRAIN_FILE = file = tmp_path / "drain"
    for exists in (False, True, True, False, False, True, False):
        file.touch() if exists else file.unlink(missing_ok=True)
        ask()

    assert caplog.record_tuples == 2 * [
        ("dockerflow.django", logging.WARNING, DRAINING.format(file)),
        ("dockerflow.django", logging.INFO, NO_LONGER_DRAINING.format(file)),
    ]


def test_whoever_sees_details_sees_the_drain_file(ask, settings, tmp_path):
    settings.DOCKERFLOW_HEARTBEAT_TOKEN = "s3cret"
    settings.DOCKERFLOW_DRAIN_FILE = file = tmp_path / "drain"
    file.touch()
    answers = [ask(), ask(authorization="Bearer s3cret")]
    file.unlink()
    ask()

    assert answers == [
        (500, {"status": "draining"}),
        (
            500,
            {
                "status": "draining",
                "drain_file": str(file),
                "notice": f"The file {file} exists. No check is run until it is removed.",
            },
        ),
    ]


# What goes wrong in the heartbeat itself


def log_of_failure(caplog):
    return [(record.name, record.levelname, record.getMessage()) for record in caplog.records]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DOCKERFLOW_CHECKS", "tests.support.no_such_module.check"),
        ("DOCKERFLOW_HEARTBEAT_TIMEOUT", "soon"),
        ("DOCKERFLOW_HEARTBEAT_TTL", "ten"),
        ("DOCKERFLOW_HEARTBEAT_FAIL_LEVEL", "loud"),
        ("DOCKERFLOW_HEARTBEAT_DETAILS", "perhaps"),
        ("DOCKERFLOW_DRAIN_FILE", 5),
    ],
)
def test_a_setting_that_has_gone_bad_is_answered_in_json(ask, settings, caplog, name, value):
    settings.DOCKERFLOW_CHECKS = samples("passes")
    settings.DOCKERFLOW_HEARTBEAT_FAILED_STATUS_CODE = 503
    setattr(settings, name, value)

    assert ask() == (503, {"status": "critical"})
    assert log_of_failure(caplog) == [
        ("dockerflow.django", "ERROR", "The heartbeat itself has failed")
    ]
    assert caplog.records[0].exc_info[1] is not None


def test_a_bad_status_code_is_replaced_by_the_default(ask, settings, caplog):
    settings.DOCKERFLOW_CHECKS = samples("fails")
    settings.DOCKERFLOW_HEARTBEAT_FAILED_STATUS_CODE = "teapot"

    assert ask() == (500, {"status": "error"})


def test_an_engine_that_raises_is_answered_in_json(ask, settings, caplog, monkeypatch):
    def run(self, *args, **kwargs):
        raise RuntimeError("the engine is broken")

    settings.DOCKERFLOW_CHECKS = samples("passes")
    monkeypatch.setattr(Heartbeat, "run", run)
    monkeypatch.setattr(Heartbeat, "arun", run)

    assert ask() == (500, {"status": "critical"})
    assert log_of_failure(caplog) == [
        ("dockerflow.django", "ERROR", "The heartbeat itself has failed")
    ]


def test_a_report_that_cannot_be_shown_is_answered_in_json(ask, settings, caplog, monkeypatch):
    def as_dict(self, **kwargs):
        raise RuntimeError("the report is broken")

    settings.DOCKERFLOW_CHECKS = samples("passes")
    monkeypatch.setattr(Report, "as_dict", as_dict)

    assert ask() == (500, {"status": "critical"})
    assert log_of_failure(caplog) == [
        ("dockerflow.django", "ERROR", "The heartbeat itself has failed")
    ]


# Settings


def test_everything_may_be_set_in_the_environment_alone(ask, monkeypatch):
    answers = []
    for name, value in [
        ("DOCKERFLOW_CHECKS", "tests.support.sample_checks.warns"),
        ("DOCKERFLOW_HEARTBEAT_FAILED_STATUS_CODE", "599"),
        ("DOCKERFLOW_HEARTBEAT_FAIL_LEVEL", "error"),
        ("DOCKERFLOW_HEARTBEAT_FAIL_LEVEL", "warning"),
        ("DOCKERFLOW_OPTIONAL_CHECKS", '["tests.support.sample_checks.fails"]'),
        ("DOCKERFLOW_HEARTBEAT_DETAILS", "always"),
    ]:
        monkeypatch.setenv(name, value)
        status_code, body = ask()
        answers.append((status_code, body["status"], body.get("checks")))

    assert answers == [
        (500, "warning", None),
        (599, "warning", None),
        (200, "warning", None),
        (599, "warning", None),
        (599, "warning", None),
        (599, "warning", {"warns": "warning", "fails": "error"}),
    ]


def test_a_django_setting_wins_and_holds_from_the_next_request_on(ask, monkeypatch):
    monkeypatch.setenv("DOCKERFLOW_CHECKS", "tests.support.sample_checks.warns")
    monkeypatch.setenv("DOCKERFLOW_HEARTBEAT_TTL", "0")
    answers = [ask()]
    with override_settings(DOCKERFLOW_CHECKS=samples("passes")):
        answers.append(ask())
        with override_settings(DOCKERFLOW_CHECKS=samples("fails")):
            answers.append(ask())
        answers.append(ask())
    answers.append(ask())

    assert [body["status"] for _, body in answers] == ["warning", "ok", "error", "ok", "warning"]
