"""Who made a request: logged in its summary if the view has asked, and never looked up for it."""

from typing import Any, NamedTuple

import django
import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.models import Session
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.support.stack import ASGI, WSGI, Log

pytestmark = [pytest.mark.urls("tests.support.pages"), pytest.mark.django_db]

OURS = "dockerflow.django.middleware.DockerflowMiddleware"


class Accounts(NamedTuple):
    user: User
    cookie: str


@pytest.fixture
def accounts(settings: Any) -> Accounts:
    """A project with users and sessions, one user, and the cookie of their browser."""
    settings.MIDDLEWARE = [
        OURS,
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ]
    user = User.objects.create_user("nina")
    browser = Client()
    browser.force_login(user)
    return Accounts(user, browser.cookies.output(header="").strip())


either_user = pytest.mark.parametrize(
    "path", ["/user", "/auser"] if django.VERSION >= (5, 0) else ["/user"]
)
NO_QUERIES: list[str] = []


def test_a_user_whom_the_view_never_asked_for_is_not_asked_for(
    server: WSGI | ASGI, log: Log, accounts: Accounts
) -> None:
    [before] = Session.objects.values()
    with CaptureQueriesContext(connection) as queries:
        answer = server.get("/", cookie=accounts.cookie)
    assert [query["sql"] for query in queries] == NO_QUERIES
    assert "Vary" not in answer.headers
    assert [fields.get("uid") for fields in log.summaries] == [None]
    assert list(Session.objects.values()) == [before]


@either_user
def test_a_user_whom_the_view_asked_for_is_named_without_another_query(
    server: WSGI | ASGI, log: Log, accounts: Accounts, path: str
) -> None:
    with CaptureQueriesContext(connection) as queries:
        server.get(path, cookie=accounts.cookie)
    assert len(queries) == 2  # the session and the user, for the view
    assert [fields["uid"] for fields in log.summaries] == [str(accounts.user.pk)]


@either_user
def test_an_anonymous_user_whom_the_view_asked_for_has_an_empty_name(
    server: WSGI | ASGI, log: Log, accounts: Accounts, path: str
) -> None:
    server.get(path)
    assert [fields["uid"] for fields in log.summaries] == [""]


class KnowsTheUser:
    """What knows the user by other means than the session, as REST frameworks do."""

    user: Any

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.user = self.user
        return self.get_response(request)


class Robot:
    """Who holds an API key: no row of the database."""

    is_authenticated = True


@pytest.mark.parametrize(
    ("user", "uid"),
    [
        (User(pk=7), "7"),
        (User(pk=None), ""),  # one who has just deleted the account
        (AnonymousUser(), ""),
        (Robot(), ""),
        ("a name", ""),
        (None, None),
    ],
)
def test_a_user_known_by_other_means_is_named_by_primary_key(
    log: Log, settings: Any, monkeypatch: pytest.MonkeyPatch, user: Any, uid: str | None
) -> None:
    monkeypatch.setattr(KnowsTheUser, "user", user, raising=False)
    settings.MIDDLEWARE = [OURS, f"{__name__}.KnowsTheUser"]
    WSGI().get("/")
    assert [fields.get("uid") for fields in log.summaries] == [uid]
