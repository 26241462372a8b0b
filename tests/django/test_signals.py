"""The signals: one for each run that finishes, whatever a receiver does."""

from contextlib import contextmanager

import django
import pytest
from django.core.cache import caches
from django.test import override_settings

from dockerflow.django.signals import heartbeat_failed, heartbeat_passed
from dockerflow.django.views import heartbeat
from dockerflow.heartbeat.report import Message
from tests.support.browser import BROWSERS


def samples(*names):
    return [f"tests.support.sample_checks.{name}" for name in names]


@pytest.fixture(params=BROWSERS)
def ask(request):
    """Asks for a heartbeat and returns its status code."""
    return lambda: BROWSERS[request.param]("/__heartbeat__").status_code


@contextmanager
def connected(receivers):
    for signal, receiver in receivers.items():
        signal.connect(receiver)
    try:
        yield
    finally:
        for signal, receiver in receivers.items():
            assert signal.disconnect(receiver)


@pytest.fixture
def received():
    """What both signals carried, in order."""
    received = []

    def passed(sender, level, report, **kwargs):
        received.append(("passed", sender, level, report))

    def failed(sender, level, report, **kwargs):
        received.append(("failed", sender, level, report))

    with connected({heartbeat_passed: passed, heartbeat_failed: failed}):
        yield received


@pytest.mark.parametrize(
    ("check", "fail_level", "signal"),
    [
        ("passes", "warning", ("passed", 0)),
        ("informs", "warning", ("passed", 20)),
        ("warns", "warning", ("failed", 30)),
        ("warns", "error", ("passed", 30)),
        ("fails", "error", ("failed", 40)),
        ("collapses", "error", ("failed", 50)),
    ],
)
def test_each_heartbeat_sends_the_one_signal_that_fits(received, check, fail_level, signal):
    chosen = {"DOCKERFLOW_CHECKS": samples(check), "DOCKERFLOW_HEARTBEAT_FAIL_LEVEL": fail_level}
    with override_settings(**chosen):
        for ask in BROWSERS.values():
            ask("/__heartbeat__")

    assert [(sent, level) for sent, _, level, _ in received] == [signal, signal]
    assert {sender for _, sender, _, _ in received} == {heartbeat}
    assert [report.level for *_, report in received] == [level for _, _, level, _ in received]


def test_the_report_holds_every_message(ask, settings, received):
    settings.DOCKERFLOW_CHECKS = samples("repeats_itself")
    settings.DOCKERFLOW_OPTIONAL_CHECKS = samples("collapses")
    ask()

    [(_, _, level, report)] = received
    assert level == 40
    assert [result.messages for result in report.results] == [
        (
            Message(30, "tests.W001", "beware"),
            Message(30, "tests.W001", "again"),
            Message(40, "tests.E001", "down"),
        ),
        (Message(50, "tests.C001", "gone"),),
    ]


def test_a_receiver_can_keep_the_report_in_a_cache(ask, settings):
    settings.DOCKERFLOW_CHECKS = ["check_caches", *samples("informs")]

    def keep(report, **kwargs):
        caches["default"].set("report", report)

    with connected({heartbeat_passed: keep}):
        ask()

    kept = caches["default"].get("report")
    assert [(result.check.label, result.level) for result in kept.results] == [
        ("check_caches[default]", 20),
        ("informs", 20),
    ]


def test_a_result_that_is_served_again_has_sent_its_signal_once(ask, settings, received):
    settings.DOCKERFLOW_CHECKS = samples("informs")
    sent_so_far = []
    for ttl in (0, 60, 60, 0):  # the first is for a result of another test
        settings.DOCKERFLOW_HEARTBEAT_TTL = ttl
        ask()
        sent_so_far.append(len(received))

    assert sent_so_far == [1, 1, 1, 2]


def test_draining_sends_no_signal(ask, settings, received, tmp_path):
    settings.DOCKERFLOW_DRAIN_FILE = tmp_path / "drain"
    settings.DOCKERFLOW_DRAIN_FILE.touch()

    assert (ask(), received) == (500, [])


def raising(sender, **kwargs):
    raise ValueError("the receiver is broken")


def test_a_receiver_that_raises_is_logged_and_changes_nothing(ask, settings, received, caplog):
    settings.DOCKERFLOW_CHECKS = samples("passes")
    with connected({heartbeat_passed: raising}):
        status = ask()

    assert (status, [signal for signal, *_ in received]) == (200, ["passed"])
    [record] = [record for record in caplog.records if record.name == "django.dispatch"]
    assert record.exc_info[0] is ValueError


if django.VERSION >= (5, 0):

    def test_an_async_receiver_is_awaited(ask, settings):
        received = []

        async def receiver(sender, level, **kwargs):
            received.append(level)

        settings.DOCKERFLOW_CHECKS = samples("informs")
        with connected({heartbeat_passed: receiver}):
            ask()

        assert received == [20]
