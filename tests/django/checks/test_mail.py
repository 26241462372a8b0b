"""check_mail_connected: a real SMTP server, with and without a login, away and silent."""

import socket

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from dockerflow.django.checks import check_mail_connected
from tests.support.browser import wsgi
from tests.support.process import unused_port

SMTP = "django.core.mail.backends.smtp.EmailBackend"


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
def server(settings):
    settings.EMAIL_BACKEND = SMTP
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", unused_port()
    controller = Controller(
        Commands(),
        hostname="127.0.0.1",
        port=settings.EMAIL_PORT,
        authenticator=authenticate,
        auth_require_tls=False,
    )
    controller.start()
    yield controller.handler
    controller.stop()


def found():
    return [(m.level, m.id, m.msg) for m in check_mail_connected(app_configs=None)]


def test_a_server_that_answers_is_fine(server):
    assert found() == []
    assert server.heard == ["EHLO", "QUIT"]


def test_it_logs_in(server, settings):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "shop", "right"

    assert found() == []


def test_a_login_that_is_refused(server, settings):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "shop", "wrong"
    [(level, message_id, text)] = found()

    assert (level, message_id) == (40, "dockerflow.health.E022")
    assert text.startswith("Could not connect to the mail server: SMTPAuthenticationError: (535,")
    assert "wrong" not in text


def test_a_server_that_is_away(settings):
    settings.EMAIL_BACKEND = SMTP
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", unused_port()

    assert found() == [
        (
            *(40, "dockerflow.health.E022"),
            (
                "Could not connect to the mail server:"
                " ConnectionRefusedError: [Errno 111] Connection refused"
            ),
        )
    ]


def test_a_silent_server_is_named_in_time(settings):
    settings.EMAIL_BACKEND = SMTP
    settings.DOCKERFLOW_HEARTBEAT_TIMEOUT = 0.5
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"
    settings.DOCKERFLOW_CHECKS = ["check_mail_connected"]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings.EMAIL_HOST, settings.EMAIL_PORT = listener.getsockname()
        answer = wsgi("/__heartbeat__")

    assert answer.json()["details"]["check_mail_connected"]["messages"] == {
        "dockerflow.health.E022": "Could not connect to the mail server:"
        " SMTPServerDisconnected: Connection unexpectedly closed: timed out"
    }


@pytest.mark.parametrize("name", ["console", "dummy", "filebased", "locmem"])
def test_a_backend_that_sends_nothing_says_so(settings, tmp_path, name):
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{name}.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path

    assert found() == [
        (
            *(20, "dockerflow.health.I005"),
            f"Mails are not sent: django.core.mail.backends.{name} keeps or shows them",
        )
    ]
