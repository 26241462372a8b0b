"""check_mail_connected: a real SMTP server, with and without a login, away and silent."""

import socket
import warnings

import django
import pytest
from django.core.mail.backends.console import EmailBackend as ConsoleBackend
from django.core.mail.backends.smtp import EmailBackend

from dockerflow.django.checks import check_mail_connected
from tests.support.browser import wsgi
from tests.support.process import unused_port

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of aiosmtpd 1.4 on Python 3.15
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult

SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture
def configure(settings):
    """Sets the mail server up in the way of this Django: MAILERS from 6.1 on."""

    def configure(backend=SMTP, **options):
        if django.VERSION >= (6, 1):
            settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": options}}
            return
        names = {"username": "HOST_USER", "password": "HOST_PASSWORD"}
        settings.EMAIL_BACKEND = backend
        for name, value in options.items():
            setattr(settings, f"EMAIL_{names.get(name, name.upper())}", value)

    return configure


class Commands:
    """Notes what clients say."""

    def __init__(self):
        self.heard = []

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.heard.append("EHLO")
        session.host_name = hostname
        return responses

    async def handle_QUIT(self, server, session, envelope):
        self.heard.append("QUIT")
        return "221 Bye"


def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"shop", b"right"), handled=False)


@pytest.fixture
def server(configure):
    address = {"host": "127.0.0.1", "port": unused_port()}
    configure(**address)
    controller = Controller(
        Commands(),
        hostname=address["host"],
        port=address["port"],
        authenticator=authenticate,
        auth_require_tls=False,
    )
    controller.start()
    controller.handler.address = address
    yield controller.handler
    controller.stop()


def found():
    return [(m.level, m.id, m.msg) for m in check_mail_connected(app_configs=None)]


def test_a_server_that_answers_is_fine(server):
    assert found() == []
    assert server.heard == ["EHLO", "QUIT"]


def test_it_logs_in(server, configure):
    configure(**server.address, username="shop", password="right")

    assert found() == []


def test_a_login_that_is_refused(server, configure):
    configure(**server.address, username="shop", password="wrong")
    [(level, message_id, text)] = found()

    assert (level, message_id) == (40, "dockerflow.health.E022")
    assert text.startswith("Could not connect to the mail server: SMTPAuthenticationError: (535,")
    assert "wrong" not in text


def test_a_server_that_is_away(configure):
    configure(host="127.0.0.1", port=unused_port())

    assert found() == [
        (
            *(40, "dockerflow.health.E022"),
            (
                "Could not connect to the mail server:"
                " ConnectionRefusedError: [Errno 111] Connection refused"
            ),
        )
    ]


class NeverComplains(EmailBackend):
    """As with ``"fail_silently": True`` among the options of MAILERS."""

    def __init__(self, **options):
        super().__init__(**{**options, "fail_silently": True})


def test_a_backend_that_hides_failures_does_not_hide_this_one(configure):
    configure(f"{__name__}.NeverComplains", host="127.0.0.1", port=unused_port())
    [(level, message_id, _)] = found()

    assert (level, message_id) == (40, "dockerflow.health.E022")


class Printer(ConsoleBackend):
    """A project's own backend that sends nothing either."""


def test_a_subclass_of_a_backend_that_sends_nothing_says_so_too(configure):
    configure(f"{__name__}.Printer")

    assert found() == [
        (
            *(20, "dockerflow.health.I005"),
            "Mails are not sent: django.core.mail.backends.console keeps or shows them",
        )
    ]


def test_a_silent_server_is_named_in_time(settings, configure):
    settings.DOCKERFLOW_HEARTBEAT_TIMEOUT = 0.5
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"
    settings.DOCKERFLOW_CHECKS = ["check_mail_connected"]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        configure(host="127.0.0.1", port=listener.getsockname()[1])
        answer = wsgi("/__heartbeat__")

    assert answer.json()["details"]["check_mail_connected"]["messages"] == {
        "dockerflow.health.E022": "Could not connect to the mail server:"
        " SMTPServerDisconnected: Connection unexpectedly closed: timed out"
    }


@pytest.mark.parametrize("name", ["console", "dummy", "filebased", "locmem"])
def test_a_backend_that_sends_nothing_says_so(configure, tmp_path, name):
    options = {"file_path": tmp_path} if name == "filebased" else {}
    configure(f"django.core.mail.backends.{name}.EmailBackend", **options)

    assert found() == [
        (
            *(20, "dockerflow.health.I005"),
            f"Mails are not sent: django.core.mail.backends.{name} keeps or shows them",
        )
    ]
