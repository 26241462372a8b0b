"""Whether mails can be sent."""

from __future__ import annotations

from typing import Any

from django.core import checks
from django.core.checks import CheckMessage

from dockerflow import health
from dockerflow.django.checks.timeouts import check_timeout

_SENDS_NOTHING = {
    f"django.core.mail.backends.{name}" for name in ("console", "dummy", "filebased", "locmem")
}


def check_mail_connected(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The mail server of Django's settings accepts a connection, an EHLO and the login.

    E022 if not, I005 for a backend that sends nothing. The settings are ``MAILERS["default"]``, or
    the ``EMAIL_`` settings before Django 6.1 and where that is not set.
    """
    try:
        connection = _default_mailer()
        modules = [base.__module__ for base in type(connection).__mro__]
        if keeps := [name for name in modules if name in _SENDS_NOTHING]:
            text = f"Mails are not sent: {keeps[0]} keeps or shows them"
            return [checks.Info(text, id=health.INFO_MAIL_NOT_SENT)]
        # A timeout of the project's own counts; without one, smtplib would wait for ever.
        if getattr(connection, "timeout", 0) is None:
            connection.timeout = check_timeout()
        connection.fail_silently = False  # which is about mails, and not about this check
        try:
            connection.open()
            smtp: Any = getattr(connection, "connection", None)
            if hasattr(smtp, "ehlo_or_helo_if_needed"):
                smtp.ehlo_or_helo_if_needed()
        finally:
            connection.close()
    except Exception as error:
        text = f"Could not connect to the mail server: {type(error).__name__}: {error}"
        return [checks.Error(text, id=health.ERROR_CANNOT_CONNECT_MAIL)]
    return []


def _default_mailer() -> Any:
    from django.core import mail  # noqa: PLC0415 (imports the email package)

    # https://docs.djangoproject.com/en/stable/ref/settings/#mailers
    mailers = getattr(mail, "mailers", None)
    return mail.get_connection() if mailers is None else mailers["default"]
